// A graph with a stage of nearly every kind, and a fault that is planted in one of them.
#pragma once

#include <leat/connectors/json_lines/sink.hpp>
#include <leat/graph.hpp>

#include "support/flow.hpp"

#include <csignal>
#include <fstream>
#include <string>
#include <unistd.h>

namespace support {

/// Strikes at a record, as often as it has been planted. It lies in files, so that the processes of
/// a job share it.
struct planted_fault {
  std::string folder;
  std::int64_t at = -1; ///< the record's number
  bool kills = false;   ///< the process, too

  void plant(int times) const {
    for (int n = 0; n < times; ++n)
      std::ofstream{file(n)} << "planted";
  }
  void meet(std::int64_t number) const {
    if (number != at)
      return;
    for (int n = 0; n < most; ++n)
      if (::unlink(file(n).c_str()) == 0) {
        if (kills)
          (void)::raise(SIGKILL);
        throw leat::failure(leat::external_error("planted"));
      }
  }

private:
  static constexpr int most = 4;
  std::string file(int n) const { return folder + "/fault-" + std::to_string(n); }
};

struct faulty_numbers {
  using record_type = item;
  std::int64_t end = 0;
  planted_fault fault;
  std::int64_t next = 0;

  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    for (; demand > 0 && next < end; --demand, ++next) {
      fault.meet(next);
      out({next * 7919 % 31, next, 0});
    }
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};

/// What it emits depends on the order of a key's records and timers.
struct faulty_totals {
  using output_type = item;
  planted_fault fault;
  leat::value_state<std::int64_t> total = {};
  leat::timer later = {};

  void open(leat::setup& setup) {
    total = setup.value<std::int64_t>("total");
    later = setup.timer("later");
  }
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    fault.meet(i.number);
    std::int64_t& sum = ctx.edit(total);
    sum = (sum * 31 + i.number + i.value) % 1'000'003;
    out({i.key, i.number, sum});
    if (sum % 3 == 0)
      ctx.set(later, leat::from_micros(i.number + 1 + sum % 40));
  }
  void on_timer(const std::int64_t& key, const leat::timer&, leat::emitter<item>& out,
                leat::event_context& ctx) {
    out({key, -ctx.event_time().time_since_epoch().count(), ++ctx.edit(total)});
  }
};

struct faulty_model {
  using score_type = float;
  planted_fault fault;
  void predict(std::span<const item> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      fault.meet(rows[i].number);
      scores[i] = static_cast<float>(rows[i].value % 1000);
    }
  }
};

struct faulty_sink {
  planted_fault fault;
  void write(std::span<const item> all) const {
    for (const item& i : all)
      fault.meet(i.number);
  }
};

enum class fault_place { source, operation, model, sink };
constexpr int fault_places = 4;

/// Writes into a file, in an order that is the same in every run. Every record of the source comes
/// to every place.
inline leat::graph many_stages(std::int64_t records, const std::string& out,
                               const planted_fault& fault, fault_place where) {
  const auto fault_at = [&](fault_place p) { return p == where ? fault : planted_fault{}; };
  const auto time_of = [](const item& i) { return leat::from_micros(i.number); };
  leat::graph g{"many stages"};
  const auto in = g.from("in", faulty_numbers{records, fault_at(fault_place::source)},
                         leat::event_time_by{time_of});
  auto doubled =
      in.filter("odd", [](const item& i) { return i.number % 2 != 0; }).map("doubled", [](item i) {
        i.value = 2 * i.number;
        return i;
      });
  in.filter("even", [](const item& i) { return i.number % 2 == 0; })
      .merge("both", std::move(doubled))
      .key_by(key_of_item)
      .process("totals", faulty_totals{fault_at(fault_place::operation)})
      .window("pane", leat::micro_batch{16, std::chrono::milliseconds{1}})
      .score("risk", faulty_model{fault_at(fault_place::model)})
      .map("record", record_of)
      .key_by(number_of_item)
      .process("hashes", chained_hash{})
      .to("out", leat::json_lines_sink<item>{out}, {.order = leat::order::by_stamp});
  in.to("meets", faulty_sink{fault_at(fault_place::sink)});
  return g;
}

} // namespace support

#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/connectors/json_lines/source.hpp>
#include <leat/connectors/protobuf/sink.hpp>
#include <leat/connectors/protobuf/source.hpp>
#include <leat/job.hpp>

#include "support/messages.pb.h"

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>

#include <fstream>

namespace {

using leat_tests::Basket;
using leat_tests::Rated;
using support::content_of;
using support::temporary_folder;

struct same {
  using output_type = Rated;
  void process(const Rated& r, leat::emitter<Rated>& out, leat::context&) { out(r); }
};

} // namespace

TEST_CASE("the library reads what a protobuf sink writes") {
  const temporary_folder folder;
  leat::protobuf_sink<Basket> sink{folder / "out.pb"};
  REQUIRE(sink.check());
  REQUIRE(sink.open({"out", 0, 1, nullptr}));
  std::vector<Basket> all(3);
  all[1].set_raw(std::string(100'000, '\xFF'));
  all[2].set_id(7);
  REQUIRE(sink.write(std::span<const Basket>{all}));
  CHECK(!std::filesystem::exists(folder / "out.pb")); // it has its name when it is whole
  REQUIRE(sink.commit(**sink.prepare(1)));
  CHECK(folder.size() == 1);

  std::ifstream file{folder / "out.pb", std::ios::binary};
  google::protobuf::io::IstreamInputStream in{&file};
  for (const Basket& wanted : all) {
    Basket got;
    REQUIRE(google::protobuf::util::ParseDelimitedFromZeroCopyStream(&got, &in, nullptr));
    CHECK(got.SerializeAsString() == wanted.SerializeAsString());
  }
  Basket none;
  bool end = false;
  CHECK(!google::protobuf::util::ParseDelimitedFromZeroCopyStream(&none, &in, &end));
  CHECK(end);
}

TEST_CASE("messages go from CSV over protobuf to JSON Lines and keep their order") {
  const temporary_folder folder;
  const std::string csv = "id,score\n1,0.5\n-2,1e+300\n3,0\n";
  {
    leat::graph g{"first"};
    g.from("in", leat::csv_source<Rated>{folder.write("in.csv", csv)})
        .key_by([](const Rated& r) { return r.id() % 1; })
        .process("same", same{})
        .to("out", leat::protobuf_sink<Rated>{folder / "middle.pb"});
    REQUIRE(leat::run(std::move(g)));
  }
  {
    leat::graph g{"second"};
    auto all = g.from("in", leat::protobuf_source<Rated>{folder / "middle.pb"});
    all.to("json", leat::json_lines_sink<Rated>{folder / "out.jsonl"});
    all.to("csv", leat::csv_sink<Rated>{folder / "out.csv"});
    REQUIRE(leat::run(std::move(g)));
  }
  CHECK(content_of(folder / "out.csv") == csv);
  CHECK(content_of(folder / "out.jsonl") == "{\"id\":\"1\",\"score\":0.5}\n"
                                            "{\"id\":\"-2\",\"score\":1e+300}\n"
                                            "{\"id\":\"3\",\"score\":0}\n");
  CHECK(support::read_all(leat::json_lines_source<Rated>{folder / "out.jsonl"}).records.size() ==
        3);
}

TEST_CASE("a job whose messages cannot be columns of CSV fails and says which field") {
  const temporary_folder folder;
  leat::graph g{"baskets"};
  g.from("in", leat::protobuf_source<Basket>{folder.write("in.pb", "")})
      .to("out", leat::csv_sink<Basket>{folder / "out.csv"});
  const auto done = leat::run(std::move(g));
  REQUIRE(!done);
  CHECK(done.error().stage == "out");
  CHECK(done.error().what == "a leat_tests.Basket has no CSV: its field \"items\" is repeated");
  CHECK(folder.size() == 1);
}

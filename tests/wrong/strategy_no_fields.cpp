// error: so that each split's copy of it can be saved
// told: strategy_no_fields.cpp
#include "program.hpp"

struct lagging {
  leat::event_time last;
  leat::event_time operator()(const item&) { return last; }
};

int main() {
  leat::graph g("wrong");
  const auto time_of = [](const item&) { return leat::event_time{}; };
  g.from("in", items{}, leat::watermarks_by{time_of, lagging{}}).to("out", sink{});
}

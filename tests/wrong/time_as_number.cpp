// error: which leat::from_millis(n) makes of a number of milliseconds since 1970
// told: time_as_number.cpp
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}, leat::event_time_by{[](const item& i) { return i.id; }}).to("out", sink{});
}

// Query 8, monitor new users: people who open an auction in the ten seconds in which they came.
#include "../queries.hpp"

namespace nexmark {

namespace {

using namespace std::chrono_literals;

/// Of one person, in a window.
struct arrival {
  bool came = false;
  bool sold = false;
  text_number texts = 0;

  void add(const event& e) {
    sold |= is_auction(e);
    if (is_person(e)) {
      came = true;
      texts = e.texts;
    }
  }
  void merge(const arrival& later) {
    sold |= later.sold;
    if (later.came) {
      came = true;
      texts = later.texts;
    }
  }
  arrival result() const { return *this; }
  static constexpr auto fields =
      leat::fields("arrival", leat::field("came", &arrival::came),
                   leat::field("sold", &arrival::sold), leat::field("texts", &arrival::texts));
};

} // namespace

leat::graph q8(const query_ends& ends) {
  leat::graph g{"q8"};
  using window = leat::windowed<std::int64_t, arrival>;
  events(g, ends)
      .filter("wanted", [](const event& e) { return !is_bid(e); })
      .key_by([](const event& e) { return is_person(e) ? e.id : e.person; })
      .window("arrivals", leat::tumbling(10s))
      .aggregate<arrival>()
      .filter("new", [](const window& w) { return w.result.came && w.result.sold; })
      .map("seller",
           [](const window& w) {
             return new_seller{w.key, name_of(w.result.texts), w.start};
           })
      .to("out", ends.sink<new_seller>());
  return g;
}

} // namespace nexmark

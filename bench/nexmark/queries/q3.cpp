// Query 3, local item suggestion: auctions of category 10 by sellers in Oregon, Idaho or
// California. Sellers and auctions may come in any order.
#include "../queries.hpp"

namespace nexmark {

namespace {

bool is_local(const event& e) {
  const auto state = state_of(e.texts);
  return state == "OR" || state == "ID" || state == "CA";
}

bool is_wanted(const event& e) {
  return (is_person(e) && is_local(e)) || (is_auction(e) && e.category == 10);
}

/// By person.
struct local_auctions {
  using output_type = local_auction;
  leat::value_state<person> seller;
  leat::list_state<std::int64_t> waiting; // for the seller: auctions

  void open(leat::setup& setup) {
    seller = setup.value<person>("seller");
    waiting = setup.list<std::int64_t>("waiting");
  }

  void process(const event& e, leat::emitter<local_auction>& out, leat::context& ctx) {
    if (is_person(e)) {
      const person& p = ctx.edit(seller) = as_person(e);
      for (const std::int64_t auction : ctx.get(waiting))
        out(suggested(p, auction));
      ctx.erase(waiting);
    } else if (const person& p = ctx.get(seller); p.id != 0) {
      out(suggested(p, e.id));
    } else {
      ctx.append(waiting, e.id);
    }
  }

  static local_auction suggested(const person& p, std::int64_t auction) {
    return {name_of(p.texts), std::string(city_of(p.texts)), std::string(state_of(p.texts)),
            auction};
  }
};

} // namespace

leat::graph q3(const query_ends& ends) {
  leat::graph g{"q3"};
  events(g, ends)
      .filter("wanted", [](const event& e) { return is_wanted(e); })
      .key_by([](const event& e) { return is_person(e) ? e.id : e.person; })
      .process("join", local_auctions{})
      .to("out", ends.sink<local_auction>());
  return g;
}

} // namespace nexmark

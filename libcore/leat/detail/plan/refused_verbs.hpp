// Verbs that a handle does not offer. They exist so that the compiler says in one sentence what to
// write instead.
#pragma once

#include <tuple>

namespace leat::detail {

template <class>
inline constexpr bool no = false;

/// All verbs, each refused. A handle derives from this and hides those that it offers. Refusal has
/// a static template `refuse<A...>()` with the sentence.
template <class Refusal>
struct refused_verbs {
  template <class... A>
  auto map(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto filter(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto flat_map(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto key_by(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto rebalance(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto merge(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto process(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto connect(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto join(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto window(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto score(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class... A>
  auto via(A&&...) const {
    return Refusal::template refuse<A...>();
  }
  template <class S = void, class... A>
  auto side(A&&...) const {
    return Refusal::template refuse<S, A...>();
  }
  template <class... A>
  auto to(A&&...) const {
    return Refusal::template refuse<A...>();
  }
};

/// What an illegal verb returns: it takes all verbs without a word, so that the compiler prints one
/// sentence and not a page.
struct broken;
struct silence {
  template <class... A>
  static broken refuse();
};
struct broken : refused_verbs<silence> {};
template <class... A>
broken silence::refuse() {
  return {};
}

struct keyed_refusal {
  template <class... A>
  static broken refuse() {
    static_assert(
        no<std::tuple<A...>>,
        "a keyed stream offers process(name, operator), connect(name, other, operator), via(name, "
        "actor), window(name, batching) and window(name, tumbling, sliding or session): call other "
        "verbs before key_by(f), or after one of these");
    return {};
  }
};

struct windowed_refusal {
  template <class... A>
  static broken refuse() {
    static_assert(no<std::tuple<A...>>,
                  "a windowed stream offers aggregate<A>() and apply<Out>(f): call other verbs "
                  "before key_by(f), or after one of these");
    return {};
  }
};

struct batched_refusal {
  template <class... A>
  static broken refuse() {
    static_assert(no<std::tuple<A...>>,
                  "a batched stream offers score(name, model) and nothing else: "
                  "call it before other verbs");
    return {};
  }
};

} // namespace leat::detail

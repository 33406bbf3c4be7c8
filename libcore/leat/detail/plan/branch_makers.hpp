// Makers of branches that run steps or look for keys.
#pragma once

#include <leat/detail/plan/graph_state.hpp>
#include <leat/detail/record/type_name.hpp>
#include <leat/detail/transport/chain_branch.hpp>
#include <leat/detail/transport/frame_codec.hpp>

namespace leat::detail {

template <class T>
edge_type edge_type_of() {
  return {record_type_of<T>, type_name<T>(), row_codec_of<T>()};
}

template <class Chain>
inline constexpr bool has_steps = !std::is_same_v<Chain, pass<typename Chain::in>>;

/// To an edge.
template <class Chain>
class chain_maker final : public branch_maker {
public:
  chain_maker(Chain chain, routing by) : chain_(std::move(chain)), by_(by) {}
  std::unique_ptr<branch> make(const plan_stage& self) const override {
    return std::unique_ptr<branch>(new chain_branch<Chain, edge_end>(
        chain_, edge_end(record_type_of<typename Chain::out>, by_, edge), self.number_of(way)));
  }

private:
  Chain chain_;
  routing by_;
};

/// To an edge, by key.
template <class Chain, class KeyOf>
class hashed_maker final : public branch_maker {
public:
  hashed_maker(Chain chain, KeyOf key_of) : chain_(std::move(chain)), key_of_(std::move(key_of)) {}
  std::unique_ptr<branch> make(const plan_stage& self) const override {
    return std::unique_ptr<branch>(new chain_branch<Chain, hashed_end<KeyOf>>(
        chain_, hashed_end<KeyOf>(record_type_of<typename Chain::out>, key_of_, edge),
        self.number_of(way)));
  }

private:
  Chain chain_;
  KeyOf key_of_;
};

/// To a fork.
template <class Chain>
class forked_maker final : public fork_maker {
public:
  explicit forked_maker(Chain chain) : chain_(std::move(chain)) {}
  std::unique_ptr<branch> make(const plan_stage& self) const override {
    return std::unique_ptr<branch>(new chain_branch<Chain, fork_end>(
        chain_, fork_end(record_type_of<typename Chain::out>, fork->make(self)),
        self.number_of(way)));
  }

private:
  Chain chain_;
};

} // namespace leat::detail

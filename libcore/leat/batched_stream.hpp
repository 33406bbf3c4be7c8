// Panes of records, on their way to a model.
#pragma once

#include <leat/stream.hpp>

namespace leat {

/// Panes of records, waiting for a model. It offers score() and nothing else: a score is per
/// record, which is what makes batchings interchangeable.
template <class T>
class [[nodiscard]] batched_stream : public detail::refused_verbs<detail::batched_refusal> {
public:
  /// Called by the verb window().
  batched_stream(const detail::handle& graph, std::size_t batching)
      : at_(graph.output_of(batching, "windowing stage \"" + graph.stage(batching).name + "\"")) {}

  /// Scores each record: by a model, by what its provider loads when the job starts, or by a
  /// function of a record (or of a pane, see scores_pane). Models that are not loaded, and
  /// functions, are known by the stage's name, without a hash.
  template <class M>
  auto score(std::string name, M m) && {
    if constexpr (scores_record<M, T> || scores_pane<M, T>) {
      return add_scoring(std::move(name), function_model<T, M>(std::move(m)));
    } else if constexpr (!requires { typename M::score_type; }) {
      static_assert(detail::no<M>,
                    "score(name, model): a model says what a score is: using score_type = float; "
                    "a function takes a const record&, or a span<const record> and a span<float>, "
                    "and is const itself");
      return detail::broken{};
    } else if constexpr (!model_provider_on<M, T> && !model_on<M, T>) {
      static_assert(detail::no<M>,
                    "score(name, model): a model of this stream has predict(span<const record>, "
                    "span<score_type>) const, a provider has load() const");
      return detail::broken{};
    } else {
      return add_scoring(std::move(name), std::move(m));
    }
  }

private:
  template <class M>
  auto add_scoring(std::string name, M m) {
    plan_stage s;
    s.name = std::move(name);
    s.kind = kinds::scoring;
    s.blocking = blocks<M>();
    const std::size_t to = at_.add(
        std::move(s), std::unique_ptr<stage_maker>(new detail::scoring_maker<T, M>(std::move(m))));
    at_.feed(to, routing::forward, detail::edge_type_of<T>());
    return stream<scored<T, typename M::score_type>>(at_.output_of(to));
  }

  detail::handle at_;
};

} // namespace leat

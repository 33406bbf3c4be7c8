// Models, which score records; providers, which load models; and scored records.
#pragma once

#include <leat/error.hpp>
#include <leat/record.hpp>

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

namespace leat {

/// Identifies a model permanently: its name, and the SHA-256 of its content in hex.
struct model_identity {
  std::string id;
  std::string sha256;
};

/// A handle to a model's identity. Cheap to copy into every score; valid as long as the process.
class model_ref {
public:
  model_ref() = default;
  const model_identity* operator->() const { return identity_; }
  const model_identity& operator*() const { return *identity_; }
  explicit operator bool() const { return identity_ != nullptr; }
  friend bool operator==(model_ref, model_ref) = default;

  /// Equal identities give equal handles. Thread-safe. Identities are kept until the process ends:
  /// a few hundred bytes for each model it ever loads.
  static model_ref intern(model_identity identity);

private:
  const model_identity* identity_ = nullptr;
};

/// A record with its score and the model that gave it.
template <class Features, class Score = float>
struct scored {
  Features record;
  Score score{};
  model_ref model;
};

/// A model: scores rows. Contract: `predict` may be called by several threads at once, and is
/// batch-invariant: a row's score is bit-identical alone or among others. `scores.size()` equals
/// `rows.size()`. A row that cannot be scored is reported by throwing a
/// leat::failure of a user error; whatever else is thrown fails the job.
template <class M, class Features>
concept model_on = requires(const M& m, std::span<const Features> rows,
                            std::span<typename M::score_type> scores) {
  m.predict(rows, scores);
};

/// A loaded model behind one virtual call per pane.
template <class Features, class Score = float>
class model {
public:
  virtual ~model() = default;
  virtual void predict(std::span<const Features> rows, std::span<Score> scores) const = 0;
  model_ref identity;
};

/// Loads a model when a job starts: finds, checks and reads it. Errors (missing,
/// corrupt, of another width) name the file and reach the user before the first record.
template <class P, class Features>
concept model_provider_on = requires(const P& p) {
  typename P::score_type;
  {
    p.load()
    } -> std::same_as<result<std::shared_ptr<const model<Features, typename P::score_type>>>>;
};

/// A function that scores one record: `score f(const record&)`, const. To reject a record it throws
/// leat::failure with a user error.
template <class F, class Features>
concept scores_record = std::is_invocable_v<const F&, const Features&> &&
    !std::is_void_v<std::invoke_result_t<const F&, const Features&>>;

/// A function that scores a pane: `void f(std::span<const record>, std::span<float>)`, const.
template <class F, class Features>
concept scores_pane = std::is_invocable_v<const F&, std::span<const Features>, std::span<float>>;

/// A function as a model.
template <class Features, class F>
class function_model {
public:
  using score_type = float;

  explicit function_model(F f) : f_(std::move(f)) {}
  void predict(std::span<const Features> rows, std::span<float> scores) const { f_(rows, scores); }

private:
  F f_;
};

template <class Features, scores_record<Features> F>
class function_model<Features, F> {
public:
  using score_type = std::decay_t<std::invoke_result_t<const F&, const Features&>>;

  explicit function_model(F f) : f_(std::move(f)) {}
  void predict(std::span<const Features> rows, std::span<score_type> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = f_(rows[i]);
  }

private:
  F f_;
};

} // namespace leat

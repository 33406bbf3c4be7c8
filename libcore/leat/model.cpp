#include <leat/model.hpp>

#include <mutex>
#include <set>
#include <tuple>

namespace leat {
namespace {

struct by_content {
  bool operator()(const model_identity& a, const model_identity& b) const {
    return std::tie(a.sha256, a.id) < std::tie(b.sha256, b.id);
  }
};

/// Every identity this process has seen. A set never moves its elements, so handles stay valid.
struct identity_table {
  std::mutex mutex;
  std::set<model_identity, by_content> seen;
};

} // namespace

model_ref model_ref::intern(model_identity identity) {
  // Never destroyed: scores may still be read while the process ends.
  static auto& table = *new identity_table;
  const std::lock_guard lock(table.mutex);
  model_ref ref;
  ref.identity_ = &*table.seen.insert(std::move(identity)).first;
  return ref;
}

} // namespace leat

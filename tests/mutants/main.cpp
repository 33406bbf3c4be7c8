// Damaged models of XGBoost through both backends: mutants --first N --count N --out FOLDER. Mutant
// n is the same in every run with the same library. Each batch runs in its own process, so that a
// crash is one finding and the run goes on. Findings are written to FOLDER, and the exit code is 1.
#include "actors/scoring/tiny_models.hpp"

#include <leat/scoring/xgboost.hpp>

#include "support/xgboost_oracle.hpp"

#include <fmt/format.h>

#include <bit>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

using nlohmann::json;
using namespace leat::test;

namespace {

/// What became of mutants, shared between processes.
struct counts {
  std::uint64_t now = 0; ///< the mutant under way
  std::uint64_t native = 0, library = 0, both = 0;
  bool in_library = false;
  bool differs = false; ///< the scores of `now`
};

json categorical() {
  auto document = json::parse(xgboost_cases("1.7.6").front().model);
  auto& tree = document["learner"]["gradient_booster"]["model"]["trees"][0];
  tree["split_type"][0] = 1;
  tree["split_conditions"][0] = 1.0;
  tree["categories"] = {0, 2};
  tree["categories_nodes"] = {0};
  tree["categories_segments"] = {0};
  tree["categories_sizes"] = {2};
  return document;
}

/// The models of xgboost_cases.py, and larger ones of more kinds by the library at hand.
std::vector<json> originals() {
  std::vector<json> all{categorical()};
  for (const char* version : xgboost_case_versions)
    for (const auto& c : xgboost_cases(version))
      all.push_back(json::parse(c.model));
  std::mt19937 random(1);
  constexpr std::size_t width = 3;
  const auto rows = random_rows(random, 200, width, 10);
  for (const auto& [objective, classes] :
       std::initializer_list<std::pair<const char*, int>>{{"binary:logistic", 2},
                                                          {"reg:squarederror", 0},
                                                          {"count:poisson", 2},
                                                          {"multi:softmax", 3},
                                                          {"multi:softprob", 3},
                                                          {"rank:pairwise", 2}})
    for (const char* gamma : {"0", "3"}) { // with deleted nodes
      xgboost_oracle::parameters chosen = {
          {"objective", objective}, {"gamma", gamma}, {"max_depth", "4"}, {"tree_method", "exact"}};
      if (classes == 3)
        chosen["num_class"] = "3";
      const xgboost_oracle library(rows, labels_of(rows, width, classes), chosen, 3);
      const scoped_file file(".json");
      library.save(file.path());
      all.push_back(json::parse(*leat::read_model_file(file.path())));
    }
  return all;
}

class mutator {
public:
  explicit mutator(std::uint64_t seed) : random_(seed) {}

  std::string damage(json document) {
    for (auto changes = below(4); changes > 0; --changes)
      change(pick(document));
    auto bytes = one_in(3) ? as_ubj(document) : document.dump();
    if (one_in(4))
      for (auto changes = 1 + below(3); changes > 0 && !bytes.empty(); --changes)
        change_bytes(bytes);
    return bytes;
  }

private:
  std::size_t below(std::size_t end) { return random_() % end; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  /// A value somewhere below, deep ones as likely as those above them.
  json& pick(json& from) {
    if (!from.is_structured() || from.empty() || one_in(12))
      return from;
    auto at = from.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(below(from.size())));
    return pick(*at);
  }

  void change(json& value) {
    if (value.is_array() && !value.empty() && !one_in(4)) {
      const auto at = below(value.size());
      switch (below(4)) {
      case 0:
        value.erase(at);
        break;
      case 1:
        value.push_back(value[at]);
        break;
      case 2:
        value = json::array();
        break;
      default:
        std::swap(value[at], value[below(value.size())]);
      }
    } else if (value.is_object() && !value.empty() && one_in(2)) {
      value.erase(std::next(value.begin(), static_cast<std::ptrdiff_t>(below(value.size()))));
    } else if (value.is_string() && one_in(2)) {
      const auto number = strange_number();
      value = number.is_number() ? number.dump() : std::string("x");
    } else {
      value = strange_number();
    }
  }

  json strange_number() {
    switch (below(6)) {
    case 0:
      return static_cast<int>(below(8));
    case 1:
      return -static_cast<int>(below(4));
    case 2:
      return std::vector<std::int64_t>{2147483647, -2147483648, 65535, 65536, 1LL << 40}[below(5)];
    case 3:
      return std::vector<double>{1e-45, 3.4e38, -1e30, 0.5, 1e300}[below(5)];
    case 4:
      return one_in(2) ? json(nullptr) : json("9999999");
    default:
      return one_in(2) ? json::array() : json::object();
    }
  }

  void change_bytes(std::string& bytes) {
    const auto at = below(bytes.size());
    switch (below(4)) {
    case 0:
      bytes[at] = static_cast<char>(random_());
      break;
    case 1:
      bytes.erase(at, 1 + below(8));
      break;
    case 2:
      bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(16)));
      break;
    default:
      bytes.resize(one_in(8) ? at : bytes.size() - at % 3);
    }
  }

  std::mt19937_64 random_;
};

std::vector<float> strange_rows(std::size_t features) {
  constexpr float values[] = {0, -1.5F, NAN, INFINITY, -INFINITY, 3e38F, 1e-45F, 2};
  std::vector<float> rows(7 * features);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = values[(i * 5 + i / features) % std::size(values)];
  return rows;
}

/// Scores of a model that was read; none if it was refused, or is too wide to be tried.
template <class Model>
std::vector<float> scores_by(const std::string& path, std::uint64_t& read) {
  const auto model = Model::load(path);
  if (!model)
    return {};
  ++read;
  const auto& shape = model->shape();
  if (shape.features * shape.outputs > 1 << 20)
    return {};
  std::vector<float> scores(7 * shape.outputs);
  try {
    model->predict(strange_rows(shape.features), scores);
  } catch (const leat::failure&) {
    return {};
  }
  return scores;
}

void try_both(const std::string& path, counts& told) {
  told.in_library = false;
  const auto native = scores_by<leat::tree_ensemble>(path, told.native);
  told.in_library = true;
  const auto library = scores_by<leat::xgboost_booster>(path, told.library);
  if (native.empty() || library.empty())
    return;
  ++told.both;
  told.differs = difference(library, native) != "";
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

/// Tries mutants until `end`. A finding ends the process.
[[noreturn]] void run_batch(counts& told, std::uint64_t end, const std::string& out) {
  const rlimit memory{std::uint64_t{8} << 30, std::uint64_t{8} << 30}, no_core{0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &no_core);
  const auto models = originals();
  const auto path = out + "/mutant";
  for (; told.now < end; ++told.now) {
    write_file(path, mutator(told.now).damage(models[told.now % models.size()]));
    alarm(20);
    try_both(path, told);
    if (told.differs)
      _exit(1);
  }
  _exit(0);
}

} // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> given = {
      {"--first", "0"}, {"--count", "1000"}, {"--out", "."}};
  for (int i = 1; i + 1 < argc; i += 2)
    given[argv[i]] = argv[i + 1];
  const std::uint64_t first = std::stoull(given["--first"]),
                      end = first + std::stoull(given["--count"]);
  const auto& out = given["--out"];
  auto& told = *new (mmap(nullptr, sizeof(counts), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) counts{first};
  std::size_t findings = 0;
  while (told.now < end) {
    const auto child = fork();
    if (child == 0)
      run_batch(told, std::min<std::uint64_t>(end, told.now + 2000), out);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      continue;
    ++findings;
    const auto kept = fmt::format("{}/mutant-{}", out, told.now);
    std::rename((out + "/mutant").c_str(), kept.c_str());
    fmt::print("mutants: error: {}: {}\n", kept,
               told.differs ? "the backends' scores differ"
               : WIFSIGNALED(status)
                   ? fmt::format("{} in the {} backend", strsignal(WTERMSIG(status)),
                                 told.in_library ? "library's" : "native")
                   : "it ended the process");
    told.differs = false;
    ++told.now;
  }
  fmt::print(
      "mutants: {} to {}: {} read natively, {} by the library, {} scored by both, {} findings\n",
      first, end - 1, told.native, told.library, told.both, findings);
  return findings == 0 ? 0 : 1;
}

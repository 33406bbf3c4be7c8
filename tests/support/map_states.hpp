// A backend of keyed state that keeps it in maps: what is evicted, and saved as files, without a
// database.
#pragma once

#include <leat/detail/record/codec.hpp>
#include <leat/state_backend.hpp>

#include <map>

namespace support {

using state_map = std::map<std::string, std::string, std::less<>>;

class map_files final : public leat::stored_files {
public:
  explicit map_files(const state_map& from) {
    std::string content;
    leat::append_binary(content,
                        std::vector<std::pair<std::string, std::string>>(from.begin(), from.end()));
    files_.push_back({"map", {}, std::move(content)});
  }
  const std::vector<leat::stored_file>& all() const override { return files_; }

private:
  std::vector<leat::stored_file> files_;
};

class map_store final : public leat::cold_states {
public:
  map_store(state_map from, std::size_t budget) : map_(std::move(from)), budget_(budget) {}

  bool get(std::string_view key, std::string& value) override {
    const auto found = map_.find(key);
    if (found != map_.end())
      value = found->second;
    return found != map_.end();
  }
  void write(const std::vector<leat::state_change>& changes) override {
    for (const leat::state_change& c : changes)
      if (c.value)
        map_[c.key] = *c.value;
      else
        map_.erase(c.key);
  }
  void walk(std::string_view prefix,
            const std::function<void(std::string_view, std::string_view)>& visit) override {
    for (const auto& [key, value] : state_map(map_))
      if (key.starts_with(prefix))
        visit(key, value);
  }
  std::shared_ptr<const leat::stored_files> files() override {
    return std::make_shared<map_files>(map_);
  }
  std::size_t budget() const override { return budget_; }

private:
  state_map map_;
  std::size_t budget_;
};

class map_backend final : public leat::state_backend {
public:
  /// Reads a file that a checkpoint has kept.
  using read_file = std::function<std::string(const std::string& path)>;

  explicit map_backend(std::size_t budget, read_file read = {})
      : budget_(budget), read_(std::move(read)) {}

  std::string_view name() const override { return "map"; }
  std::unique_ptr<leat::cold_states> open(const std::string&,
                                          const std::vector<leat::stored_file>& from) override {
    std::vector<std::pair<std::string, std::string>> all;
    for (const leat::stored_file& f : from) {
      const std::string content = read_(f.path);
      leat::byte_cursor bytes(content);
      if (!leat::read_binary(bytes, all))
        throw leat::failure(leat::external_error("\"" + f.path + "\" is corrupt"));
    }
    return std::make_unique<map_store>(state_map(all.begin(), all.end()), budget_);
  }

private:
  std::size_t budget_;
  read_file read_;
};

} // namespace support

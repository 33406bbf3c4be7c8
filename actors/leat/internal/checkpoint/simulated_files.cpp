#include <leat/internal/checkpoint/simulated_files.hpp>

#include <leat/connectors/files/output_file.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace leat {

// A file or folder, as processes see it and as the disk has it.
struct simulated_files::node {
  struct change {
    std::string name;
    node_ptr to;            ///< null: removed
    bool forgotten = false; ///< a sync of it failed: later ones do not write it
  };

  bool folder = false;

  std::string content;
  std::size_t synced = 0;
  bool forgotten = false; ///< a sync failed: later ones write nothing

  std::map<std::string, node_ptr> names;
  std::map<std::string, node_ptr> names_on_disk;
  std::vector<change> unsynced; ///< in order

  void enter(const std::string& name, node_ptr to) {
    apply(names, name, to);
    unsynced.push_back({name, std::move(to)});
  }
  static void apply(std::map<std::string, node_ptr>& to, const std::string& name, node_ptr what) {
    if (what)
      to[name] = std::move(what);
    else
      to.erase(name);
  }
  void sync() {
    if (!forgotten)
      synced = content.size();
    std::erase_if(unsynced, [&](const change& c) {
      if (!c.forgotten)
        apply(names_on_disk, c.name, c.to);
      return !c.forgotten;
    });
  }
  void forget() {
    forgotten = forgotten || synced < content.size();
    for (change& c : unsynced)
      c.forgotten = true;
  }
};

class simulated_files::written_file final : public new_file {
public:
  written_file(simulated_files& files, std::string path, node_ptr to)
      : files_(files), path_(std::move(path)), to_(std::move(to)) {}

  result<void> append(std::string_view bytes) override {
    return files_.perform(
        "append", path_, [&]() -> result<void> { return to_->content += bytes, result<void>{}; },
        [&] { to_->content += bytes.substr(0, bytes.size() / 2); });
  }
  result<void> sync() override {
    return files_.perform(
        "sync", path_, [&]() -> result<void> { return to_->sync(), result<void>{}; },
        [&] { to_->forget(); });
  }

private:
  simulated_files& files_;
  std::string path_;
  node_ptr to_;
};

class simulated_files::held_lock final : public file_lock {
public:
  explicit held_lock(holder_ptr holder) : holder_(std::move(holder)) {}

private:
  holder_ptr holder_;
};

namespace {

std::string name_in_folder(const std::string& path) { return path.substr(path.rfind('/') + 1); }

} // namespace

simulated_files::simulated_files(std::uint64_t seed)
    : root_(std::make_shared<node>()), random_(seed) {
  root_->folder = true;
}

template <class Effect, class Failure>
auto simulated_files::perform(std::string_view verb, const std::string& path, Effect effect,
                              Failure failed) -> decltype(effect()) {
  using kind = simulated_fault::kind;
  const std::uint64_t number = operations_++;
  const simulated_fault fault =
      interfere_ ? interfere_(operation{number, verb, path}) : simulated_fault{};
  if (fault.what == kind::stops)
    throw simulated_stop{};
  if (fault.what == kind::fails) {
    failed();
    return write_error(path, fault.code);
  }
  auto done = effect();
  if (fault.what == kind::stops_late)
    throw simulated_stop{};
  if (fault.what == kind::fails_late)
    return write_error(path, fault.code);
  return done;
}

// --- operations -------------------------------------------------------------------------------

simulated_files::node_ptr simulated_files::find(const std::string& path) const {
  node_ptr at = root_;
  for (std::size_t from = 0; at && from < path.size();) {
    const std::size_t to = std::min(path.find('/', from), path.size());
    if (to > from && path.substr(from, to - from) != ".") {
      const auto next = at->names.find(path.substr(from, to - from));
      at = next == at->names.end() ? nullptr : next->second;
    }
    from = to + 1;
  }
  return at;
}

result<void> simulated_files::enter(const std::string& path, node_ptr what) {
  const node_ptr folder = find(folder_of(path));
  if (!folder || !folder->folder)
    return write_error(path, folder ? ENOTDIR : ENOENT);
  folder->enter(name_in_folder(path), std::move(what));
  return {};
}

result<void> simulated_files::make_folder(const std::string& path) {
  return perform("make_folder", path, [&]() -> result<void> {
    if (find(path))
      return {};
    auto made = std::make_shared<node>();
    made->folder = true;
    return enter(path, std::move(made));
  });
}

result<std::unique_ptr<new_file>> simulated_files::create(const std::string& path) {
  return perform("create", path, [&]() -> result<std::unique_ptr<new_file>> {
    if (find(path))
      return write_error(path, EEXIST);
    auto made = std::make_shared<node>();
    if (const auto entered = enter(path, made); !entered)
      return entered.error();
    return std::unique_ptr<new_file>(std::make_unique<written_file>(*this, path, std::move(made)));
  });
}

result<bool> simulated_files::link(const std::string& file, const std::string& name) {
  return perform("link", name, [&]() -> result<bool> {
    auto what = find(file);
    if (!what)
      return write_error(name, ENOENT);
    if (const auto there = find(name))
      return there == what;
    if (const auto entered = enter(name, std::move(what)); !entered)
      return entered.error();
    return true;
  });
}

result<void> simulated_files::remove(const std::string& path) {
  return perform("remove", path, [&]() -> result<void> {
    const auto what = find(path);
    if (what && !what->names.empty())
      return write_error(path, ENOTEMPTY);
    return what ? enter(path, nullptr) : result<void>();
  });
}

result<void> simulated_files::sync_folder(const std::string& path) {
  const auto folder = find(path);
  if (!folder)
    return write_error(path, ENOENT);
  return perform(
      "sync_folder", path, [&]() -> result<void> { return folder->sync(), result<void>{}; },
      [&] { folder->forget(); });
}

result<std::string> simulated_files::read(const std::string& path) {
  return perform("read", path, [&]() -> result<std::string> {
    const auto file = find(path);
    if (!file || file->folder)
      return read_error(path, file ? EISDIR : ENOENT);
    return file->content;
  });
}

result<std::vector<std::string>> simulated_files::list(const std::string& path) {
  return perform("list", path, [&]() -> result<std::vector<std::string>> {
    const auto folder = find(path);
    if (!folder || !folder->folder)
      return read_error(path, folder ? ENOTDIR : ENOENT);
    std::vector<std::string> names;
    for (const auto& [name, what] : folder->names)
      names.push_back(name);
    return names;
  });
}

result<std::unique_ptr<file_lock>> simulated_files::lock(const std::string& path,
                                                         const std::string& holder) {
  return perform("lock", path, [&]() -> result<std::unique_ptr<file_lock>> {
    auto& held = locks_[path];
    if (const auto other = held.lock())
      return locked_error(path, *other);
    if (!find(path))
      if (const auto entered = enter(path, std::make_shared<node>()); !entered)
        return entered.error();
    const auto mine = std::make_shared<const std::string>(holder);
    held = mine;
    return std::unique_ptr<file_lock>(std::make_unique<held_lock>(mine));
  });
}

void simulated_files::put(const std::string& path, std::string content) {
  node_ptr at = root_;
  for (std::size_t from = 1, to = 0; to < path.size(); from = to + 1) {
    at->folder = true;
    to = std::min(path.find('/', from), path.size());
    const std::string name = path.substr(from, to - from);
    auto& next = at->names[name];
    if (!next)
      next = std::make_shared<node>();
    at->names_on_disk[name] = next;
    at = next;
  }
  at->content = std::move(content);
  at->synced = at->content.size();
}

std::map<std::string, std::string> simulated_files::contents() const {
  std::map<std::string, std::string> all;
  const auto add = [&all](const auto& again, const node& of, const std::string& path) -> void {
    if (!of.folder)
      all.emplace(path, of.content);
    for (const auto& [name, what] : of.names)
      again(again, *what, path + '/' + name);
  };
  add(add, *root_, {});
  return all;
}

// --- the loss of power ------------------------------------------------------------------------

void simulated_files::crash() {
  locks_.clear();
  lose(*root_);
}

std::size_t simulated_files::below(std::size_t limit) {
  return static_cast<std::size_t>(random_() % limit);
}

// A journal keeps the first changes, a disk without one any of them.
void simulated_files::lose(node& of) {
  if (of.folder) {
    const bool journal = below(2) == 0;
    const std::size_t kept = below(of.unsynced.size() + 1);
    for (std::size_t i = 0; i < of.unsynced.size(); ++i)
      if (journal && !of.unsynced[i].forgotten ? i < kept : below(2) == 0)
        node::apply(of.names_on_disk, of.unsynced[i].name, of.unsynced[i].to);
    of.unsynced.clear();
    of.names = of.names_on_disk;
    for (const auto& [name, what] : of.names)
      lose(*what);
  } else if (of.synced < of.content.size()) {
    of.content = of.content.substr(0, of.synced) + torn(of.content.substr(of.synced));
    of.synced = of.content.size();
  }
  of.forgotten = false;
}

// What is left of bytes: some of them, of which pieces may be zeros.
std::string simulated_files::torn(std::string bytes) {
  bytes.resize(below(bytes.size() + 1));
  constexpr std::size_t piece = 16;
  if (below(2) == 0)
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      if (below(2) == 0)
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    std::min(piece, bytes.size() - at), '\0');
  return bytes;
}

} // namespace leat

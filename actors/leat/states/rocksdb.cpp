#include <leat/states/rocksdb.hpp>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/file.h>
#include <unistd.h>

namespace leat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix_of_folders = "leat-";

[[noreturn]] void fail(const std::string& folder, const std::string& why) {
  throw failure(external_error(fmt::format("the states in \"{}\": {}", folder, why)));
}

void check(const rocksdb::Status& done, const std::string& folder) {
  if (!done.ok())
    fail(folder, done.ToString());
}

// RocksDB compares bytes of empty slices, too, and null is none to compare.
rocksdb::Slice slice(std::string_view bytes) {
  return bytes.empty() ? rocksdb::Slice() : rocksdb::Slice(bytes.data(), bytes.size());
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(in), {});
  if (!in)
    fail(path, "it cannot be read");
  return content;
}

bool is_table(const std::string& name) { return name.ends_with(".sst"); }

// --- folders ----------------------------------------------------------------------------------

/// A lock of a file, until this is destroyed or the process ends.
class file_lock {
public:
  file_lock(const std::string& path, bool wait)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)),
        held_(file_ >= 0 && ::flock(file_, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0) {}
  ~file_lock() {
    if (file_ >= 0)
      ::close(file_);
  }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  bool held() const { return held_; }

private:
  int file_;
  bool held_;
};

/// A folder that is removed with all that is in it.
class scratch_folder {
public:
  explicit scratch_folder(std::string path) : path_(std::move(path)) {}
  ~scratch_folder() {
    std::error_code left_behind;
    fs::remove_all(path_, left_behind);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  const std::string& path() const { return path_; }

private:
  const std::string path_;
};

/// The working folder of this process. A lock shows others that it is in use.
class working_folder {
public:
  /// A new one. First removes those whose process is gone.
  static std::shared_ptr<working_folder> open(const std::string& in) {
    std::error_code problem;
    fs::create_directories(in, problem);
    if (problem)
      fail(in, fmt::format("it cannot be made: {}", problem.message()));
    const file_lock one_at_a_time(in + "/lock", true); // a new folder is not locked at once
    if (!one_at_a_time.held())
      fail(in, "it cannot be locked");
    remove_unused(in);
    return std::shared_ptr<working_folder>(new working_folder(in));
  }
  const std::string& path() const { return folder_.path(); }

private:
  explicit working_folder(const std::string& in)
      : folder_(make(in)), lock_(lock_in(path()), false) {
    if (!lock_.held())
      fail(path(), "it cannot be locked");
  }

  static std::string lock_in(const std::string& folder) { return folder + "/in-use"; }

  static void remove_unused(const std::string& in) {
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(in, problem)) {
      if (!entry.path().filename().string().starts_with(prefix_of_folders))
        continue;
      if (const file_lock unused(lock_in(entry.path()), false); unused.held())
        fs::remove_all(entry.path(), problem);
    }
  }

  static std::string make(const std::string& in) {
    std::string path = fmt::format("{}/{}{}-XXXXXX", in, prefix_of_folders, ::getpid());
    if (!::mkdtemp(path.data()))
      fail(in,
           fmt::format("no folder can be made in it: {}", std::generic_category().message(errno)));
    return path;
  }

  scratch_folder folder_;
  file_lock lock_;
};

// --- files ------------------------------------------------------------------------------------

/// Tables never change, so that links to them are enough. All else is small.
class checkpoint_files final : public stored_files {
public:
  checkpoint_files(rocksdb::DB& db, std::string path, std::shared_ptr<const scratch_folder> of)
      : store_(std::move(of)), folder_(std::move(path)) {
    rocksdb::Checkpoint* made = nullptr;
    check(rocksdb::Checkpoint::Create(&db, &made), folder_.path());
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    check(checkpoint->CreateCheckpoint(folder_.path(), 0), folder_.path());
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename();
      if (is_table(name))
        files_.push_back({name, entry.path()});
      else if (name == "CURRENT" || name.starts_with("MANIFEST-"))
        files_.push_back({name, {}, read_file(entry.path())});
    }
    std::ranges::sort(files_, {}, &stored_file::name);
  }
  const std::vector<stored_file>& all() const override { return files_; }

private:
  const std::shared_ptr<const scratch_folder> store_; ///< in which the folder lies
  const scratch_folder folder_;
  std::vector<stored_file> files_;
};

void put_files(const std::vector<stored_file>& files, const std::string& folder) {
  for (const stored_file& f : files) {
    const std::string to = folder + '/' + f.name;
    std::error_code problem;
    if (is_table(f.name))
      fs::create_hard_link(f.path, to, problem);
    if (problem || !is_table(f.name)) {
      problem.clear();
      fs::copy_file(f.path, to, problem);
    }
    if (problem)
      fail(f.path, problem.message());
  }
}

// --- stores -----------------------------------------------------------------------------------

constexpr int shard_bits = 2; // a part of the cache must hold more than some blocks

/// What all stores of a process have in common.
struct shared_parts {
  shared_parts(std::string in, std::uint64_t bytes)
      : path(std::move(in)), memory(bytes), cache(rocksdb::NewLRUCache(memory / 4, shard_bits)),
        buffers(std::make_shared<rocksdb::WriteBufferManager>(memory / 8, cache)) {}

  const std::string path;
  const std::uint64_t memory;
  const std::shared_ptr<rocksdb::Cache> cache;
  const std::shared_ptr<rocksdb::WriteBufferManager> buffers; ///< takes its room from the cache
  std::atomic<std::size_t> stores{0};
  std::mutex mutex; ///< guards what follows
  std::shared_ptr<working_folder> folder;
  std::size_t made = 0;
};

rocksdb::CompressionType compression() {
  const auto available = rocksdb::GetSupportedCompressions();
  for (const auto wanted : {rocksdb::kLZ4Compression, rocksdb::kZSTD})
    if (std::ranges::find(available, wanted) != available.end())
      return wanted;
  return rocksdb::kNoCompression;
}

// What is in memory is lost with the process, and the job goes on from a checkpoint: so there is no
// log. Tables are small, since a checkpoint reads each new one as a whole.
rocksdb::Options options_of(const shared_parts& shared) {
  constexpr std::uint64_t table_bytes = 32ULL << 20U, most_buffer = 16ULL << 20U,
                          least_buffer = 1ULL << 16U;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = shared.cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // The filter of a whole table does not fit into a small cache, and would be read for each key.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  rocksdb::Options o;
  o.create_if_missing = true;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  o.write_buffer_manager = shared.buffers;
  o.write_buffer_size = std::clamp<std::uint64_t>(shared.memory / 16, least_buffer, most_buffer);
  o.target_file_size_base = table_bytes;
  o.compression = compression();
  o.level_compaction_dynamic_level_bytes = true;
  o.max_open_files = 256;
  o.keep_log_file_num = 1;
  o.info_log_level = rocksdb::ERROR_LEVEL;
  return o;
}

class rocksdb_store final : public cold_states {
public:
  rocksdb_store(std::shared_ptr<shared_parts> shared, std::shared_ptr<working_folder> in,
                std::string path, const std::vector<stored_file>& from)
      : shared_(std::move(shared)), in_(std::move(in)),
        folder_(std::make_shared<scratch_folder>(std::move(path))) {
    const std::string db = folder_->path() + "/db";
    std::error_code problem;
    fs::create_directories(db, problem);
    if (problem)
      fail(db, problem.message());
    put_files(from, db);
    rocksdb::DB* opened = nullptr;
    check(rocksdb::DB::Open(options_of(*shared_), db, &opened), db);
    db_.reset(opened);
    if (!from.empty())
      check(db_->VerifyChecksum(), db);
    ++shared_->stores;
  }
  ~rocksdb_store() override { --shared_->stores; }

  bool get(std::string_view key, std::string& value) override {
    const auto found = db_->Get({}, slice(key), &value);
    if (found.IsNotFound())
      return false;
    check(found, folder_->path());
    return true;
  }

  void write(const std::vector<state_change>& changes) override {
    rocksdb::WriteBatch batch;
    for (const state_change& c : changes)
      check(c.value ? batch.Put(c.key, *c.value) : batch.Delete(c.key), folder_->path());
    rocksdb::WriteOptions without_log;
    without_log.disableWAL = true;
    check(db_->Write(without_log, &batch), folder_->path());
  }

  void walk(std::string_view prefix,
            const std::function<void(std::string_view, std::string_view)>& visit) override {
    rocksdb::ReadOptions once;
    once.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(once));
    for (at->Seek(slice(prefix)); at->Valid() && at->key().starts_with(slice(prefix)); at->Next())
      visit(at->key().ToStringView(), at->value().ToStringView());
    check(at->status(), folder_->path());
  }

  std::shared_ptr<const stored_files> files() override {
    return std::make_shared<checkpoint_files>(
        *db_, fmt::format("{}/checkpoint-{}", folder_->path(), ++checkpoints_), folder_);
  }

  std::size_t budget() const override {
    return shared_->memory / 4 * 3 / std::max<std::size_t>(shared_->stores, 1);
  }

private:
  const std::shared_ptr<shared_parts> shared_;
  const std::shared_ptr<working_folder> in_;
  const std::shared_ptr<const scratch_folder> folder_; ///< goes after the database
  std::unique_ptr<rocksdb::DB> db_;
  std::size_t checkpoints_ = 0;
};

class rocksdb_backend final : public state_backend {
public:
  rocksdb_backend(const std::string& folder, std::uint64_t memory)
      : shared_(std::make_shared<shared_parts>(folder, memory)) {}

  std::string_view name() const override { return "rocksdb"; }

  std::unique_ptr<cold_states> open(const std::string& owner,
                                    const std::vector<stored_file>& from) override {
    std::unique_lock lock(shared_->mutex);
    if (!shared_->folder)
      shared_->folder = working_folder::open(shared_->path);
    std::string name = owner;
    std::ranges::replace(name, '/', '_');
    std::string path = fmt::format("{}/{}-{}", shared_->folder->path(), ++shared_->made, name);
    auto in = shared_->folder;
    lock.unlock();
    return std::make_unique<rocksdb_store>(shared_, std::move(in), std::move(path), from);
  }

private:
  const std::shared_ptr<shared_parts> shared_;
};

} // namespace

std::shared_ptr<state_backend> rocksdb_states(const std::string& folder, std::uint64_t memory) {
  return std::make_shared<rocksdb_backend>(folder, memory);
}

} // namespace leat

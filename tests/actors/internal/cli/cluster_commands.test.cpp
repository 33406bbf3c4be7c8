#include <leat/internal/cli/cluster_commands.hpp>

#include "support/links.hpp"
#include "support/program.hpp"

#include <future>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr const char* address_hint = "HOST:PORT, for example 10.0.0.1:7000 or [::1]:7000";

void check_refused(const std::vector<std::string>& arguments, const std::string& what,
                   const std::string& hint = {}) {
  INFO(what);
  const outcome told = scoring(arguments);
  CHECK(told.code == exit_refused);
  CHECK(told.out.empty());
  CHECK(told.err ==
        "scoring: error: " + what + "\n" + (hint.empty() ? "" : "  hint: " + hint + "\n"));
}

} // namespace

TEST_CASE("the commands coordinator and worker explain themselves") {
  const outcome coordinator = scoring({"coordinator", "--help"});
  CHECK(coordinator.code == exit_done);
  CHECK(coordinator.err.empty());
  CHECK(coordinator.out ==
        "scoring coordinator [OPTIONS]: run the graph with workers on other hosts\n"
        "\n"
        "Options:\n"
        "  --listen HOST:PORT     address that workers join (required)\n"
        "  --workers N            number of workers to wait for (required)\n"
        "  --certs DIR            directory with ca.pem, NAME.pem and NAME.key, as `certs issue`\n"
        "                         writes them (required)\n"
        "  --lost-after DURATION  time after which a node that is silent is taken for lost\n"
        "                         (default: 2s)\n"
        "  --name NAME            name of this node, as in its certificate (default: coordinator)\n"
        "  --file-limit SIZE      maximum size of a file sent to workers (default: 4GiB)\n"
        "  --go-on-with-fewer DURATION\n"
        "                         time to wait for all workers after a loss (default: no limit)\n"
        "\n"
        "After these: -- run [OPTIONS], which all nodes run.\n");
  const outcome worker = scoring({"worker", "--help"});
  CHECK(worker.code == exit_done);
  CHECK(has(worker.out, "scoring worker [OPTIONS]: run a share of the graph for a coordinator\n"));
  for (const char* option :
       {"--join HOST:PORT", "--name NAME", "--certs DIR", "--lost-after DURATION",
        "--coordinator NAME", "--slots N", "--label LABEL", "--listen HOST:PORT", "--cache DIR",
        "--cache-cap SIZE"})
    CHECK(has(worker.out, "\n  " + std::string(option) + " "));
}

TEST_CASE("a coordinator that cannot begin says why") {
  const authority_folder folder({"coordinator"});
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"coordinator", "--certs", folder.path()});
    return more;
  };
  const std::string missing = "the command for all nodes is missing";
  const std::string hint = "after the options: -- run [OPTIONS]";
  check_refused({"coordinator"}, "--listen is missing",
                "--listen HOST:PORT: address that workers join");
  check_refused(with({"--listen", "127.0.0.1:0", "--workers", "1"}), missing, hint);
  check_refused(with({"--listen", "127.0.0.1:0", "--workers", "1", "--"}), missing, hint);
  check_refused(with({"--listen", "127.0.0.1:0", "--workers", "1", "--", "describe"}), missing,
                hint);
  check_refused(with({"--listen", "127.0.0.1:0", "--workers", "0", "--", "run"}),
                "--workers: 0 is not between 1 and 256");
  check_refused(with({"--listen", "127.0.0.1", "--workers", "1", "--", "run"}),
                "--listen: invalid address \"127.0.0.1\"", address_hint);
  check_refused(
      with({"--listen", "127.0.0.1:0", "--workers", "1", "--file-limit", "big", "--", "run"}),
      "--file-limit: invalid size \"big\"",
      "a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: 512MB");
  const outcome nobody =
      scoring(with({"--listen", "127.0.0.1:0", "--workers", "1", "--name", "other", "--", "run"}));
  CHECK(nobody.code == exit_refused);
  CHECK(has(nobody.err, folder.file("other.pem")));
  const auto taken = listen_on(any_port);
  REQUIRE(taken);
  const std::string at = local_address(taken->get()).text();
  check_refused(with({"--listen", at, "--workers", "1", "--", "run"}),
                "cannot listen on " + at + ": Address already in use");
}

TEST_CASE("a coordinator refuses workers on its own host, wherever they are asked for") {
  const authority_folder folder({"coordinator"});
  const auto refusal = [&](const std::vector<std::string>& of_run) {
    std::vector<std::string> arguments{"coordinator", "--listen", "127.0.0.1:0", "--workers",
                                       "1",           "--certs",  folder.path(), "--",
                                       "run",         "--model",  "none"}; // else it would wait
    arguments.insert(arguments.end(), of_run.begin(), of_run.end());
    const outcome told = scoring(arguments);
    CHECK(told.code == exit_refused);
    return told.err.substr(told.err.find('\n') + 1); // after the address that it listens on
  };
  const std::string rest =
      "--local-cluster: this coordinator waits for workers from other hosts, and starts none on "
      "its own\n"
      "  hint: leave out --local-cluster, or give it to the command run without a coordinator\n";
  CHECK(refusal({"--local-cluster", "2"}) == "scoring: error: " + rest);
  const std::string file = folder.folder.write("job.toml", "local-cluster = 2\n");
  CHECK(refusal({"--config", file}) == "scoring: error: " + file + ":1:1: " + rest);
  CHECK(has(refusal({"--local-cluster", "0"}), "no model"));
}

TEST_CASE("a worker that cannot begin says why") {
  const authority_folder folder({"a"});
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"worker", "--certs", folder.path(), "--name", "a"});
    return more;
  };
  check_refused({"worker"}, "--join is missing", "--join HOST:PORT: address of the coordinator");
  check_refused(with({"--join", "head"}), "--join: invalid address \"head\"", address_hint);
  check_refused(with({"--join", "head:1", "--slots", "1025"}),
                "--slots: 1025 is not between 1 and 1024");
  check_refused(with({"--join", "head:1", "--", "run"}), "unexpected argument \"--\"",
                "options begin with --, and each takes one value");
  const outcome nobody =
      scoring({"worker", "--certs", folder.path(), "--name", "b", "--join", "head:1"});
  CHECK(nobody.code == exit_refused);
  CHECK(has(nobody.err, folder.file("b.pem")));
}

TEST_CASE("a coordinator runs its command in its role, a worker ends when it is refused") {
  const authority_folder folder({"coordinator", "a"});
  memory_stream out;
  memory_stream err;
  const console to{"scoring", out.get(), err.get()};
  std::future<outcome> worker;
  const exit_code code = coordinator_command(
      {"--listen", "127.0.0.1:0", "--workers", "2", "--certs", folder.path(), "--", "run",
       "--count", "5"},
      to, [&](const std::vector<std::string>& arguments, run_role role) {
        CHECK(arguments == std::vector<std::string>{"--count", "5"});
        CHECK(role.what.arguments == arguments);
        CHECK(role.workers == 2);
        CHECK(!role.worker);
        REQUIRE(role.workers_from);
        const std::string at = role.workers_from->address().text();
        CHECK(err.text() == "scoring: listening on " + at + " for 2 workers\n");
        worker = std::async(std::launch::async, [&, at] {
          return scoring(
              {"worker", "--join", at, "--certs", folder.path(), "--name", "coordinator"});
        });
        bool refused = false;
        (void)role.workers_from->gather(
            2, 1, role.what, [&] { return refused; },
            [&](const std::string& line) { refused = refused || has(line, "turned away"); });
        return exit_failed;
      });
  CHECK(code == exit_failed);
  const outcome told = worker.get();
  CHECK(told.code == exit_refused);
  CHECK(has(told.err, "error: the coordinator coordinator refused this worker: it has the name of "
                      "the coordinator, coordinator\n"));
}

#include <leat/internal/cli/certs_command.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/columns.hpp>
#include <leat/internal/cli/commands.hpp>
#include <leat/internal/trust/certificates.hpp>
#include <leat/internal/trust/node_identity.hpp>

#include <fmt/format.h>
#include <sys/stat.h>

namespace leat {

namespace {

constexpr std::string_view init_help = "make the authority that signs certificates";
constexpr std::string_view issue_help = "make the certificate of a node";

void require(const result<void>& done) {
  if (!done)
    throw failure(done.error());
}

// With the option that the error is about.
result<void> of_option(std::string_view option, const result<void>& good) {
  if (good)
    return {};
  return user_error(fmt::format("{}: {}", option, good.error().what), good.error().hint);
}

lifetime lifetime_of(std::int64_t days) {
  constexpr std::int64_t longest = 3650;
  if (days < 1 || days > longest)
    throw failure(user_error(fmt::format("--days: {} is not between 1 and {}", days, longest)));
  return {std::chrono::days(days)};
}

exit_code init(const std::vector<std::string>& arguments, const console& to) {
  std::string folder;
  std::string cluster = to.program;
  std::int64_t days = 365;
  option_set options;
  options.add("--dir DIR", folder, "directory for the files; created if missing").required();
  options.add("--cluster NAME", cluster, "name of the cluster");
  options.add("--days N", days, "how long the authority is valid");
  if (const auto ended = read_options(options, arguments, {"certs init", init_help}, to))
    return *ended;
  require(of_option("--cluster", check_cluster_name(cluster)));
  const lifetime valid = lifetime_of(days);
  ::mkdir(folder.c_str(), 0700); // a folder that lacks after this is reported by what writes there
  require(make_authority(folder, cluster, valid));
  to.print(in_columns(
      {{folder + "/ca.pem",
        fmt::format("certificate of the authority of \"{}\", valid for {} days", cluster, days)},
       {folder + "/ca.key", "its key, which can make certificates: copy it to no other host"},
       {"next",
        fmt::format("for each node: {} certs issue --dir {} --name NAME", to.program, folder)}}));
  return exit_done;
}

exit_code issue(const std::vector<std::string>& arguments, const console& to) {
  std::string folder;
  std::string name;
  std::int64_t days = 90;
  option_set options;
  options.add("--dir DIR", folder, "directory of the authority").required();
  options.add("--name NAME", name, "name of the node").required();
  options.add("--days N", days, "how long the certificate is valid");
  if (const auto ended = read_options(options, arguments, {"certs issue", issue_help}, to))
    return *ended;
  require(of_option("--name", check_node_name(name)));
  require(issue_certificate(folder, name, lifetime_of(days)));
  const std::string base = folder + "/" + name;
  to.print(in_columns(
      {{base + ".pem",
        fmt::format("certificate of the node \"{}\", valid for {} days", name, days)},
       {base + ".key", "its key, for the node's user alone: keep mode 600"},
       {"next", fmt::format("copy ca.pem, {0}.pem and {0}.key to the host of \"{0}\"; ca.key stays "
                            "here",
                            name)}}));
  return exit_done;
}

} // namespace

exit_code certs_command(const std::vector<std::string>& arguments, const console& to) {
  if (arguments.empty())
    throw failure(user_error("certs: no command", "one of: init, issue"));
  const std::string& name = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (asks_for_help(name)) {
    to.print(
        help_of_commands(to.program + " certs", certs_help,
                         {{"init", std::string(init_help)}, {"issue", std::string(issue_help)}}));
    return exit_done;
  }
  if (name == "init")
    return init(rest, to);
  if (name == "issue")
    return issue(rest, to);
  throw failure(
      user_error(fmt::format("certs: unknown command {}", shown(name)), "one of: init, issue"));
}

} // namespace leat

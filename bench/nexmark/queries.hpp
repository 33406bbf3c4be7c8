// The table of queries. A further one is a file in queries/, a row here and a row in reference.cpp.
#pragma once

#include "query.hpp"

#include <span>
#include <string_view>

namespace nexmark {

leat::graph q0(const query_ends& ends);
leat::graph q1(const query_ends& ends);
leat::graph q2(const query_ends& ends);
leat::graph q3(const query_ends& ends);
leat::graph q4(const query_ends& ends);
leat::graph q5(const query_ends& ends);
leat::graph q6(const query_ends& ends);
leat::graph q7(const query_ends& ends);
leat::graph q8(const query_ends& ends);
leat::graph q9(const query_ends& ends);
leat::graph q11(const query_ends& ends);
leat::graph q13(const query_ends& ends);
leat::graph q14(const query_ends& ends);
leat::graph q15(const query_ends& ends);
leat::graph q16(const query_ends& ends);
leat::graph q17(const query_ends& ends);
leat::graph q18(const query_ends& ends);
leat::graph q19(const query_ends& ends);
leat::graph q20(const query_ends& ends);
leat::graph q21(const query_ends& ends);
leat::graph q22(const query_ends& ends);

struct query {
  std::string_view name;
  std::string_view about; ///< for --help
  leat::graph (*graph)(const query_ends& ends);
};

/// In the order of their numbers.
std::span<const query> queries();

/// A query that is not there, and why.
struct missing_query {
  std::string_view name;
  std::string_view reason;
};
std::span<const missing_query> missing_queries();

/// The error names the queries that there are, or the reason why this one is not.
leat::result<query> find_query(std::string_view name);

} // namespace nexmark

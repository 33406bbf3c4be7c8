// A link under TLS, as CAF's network has its connections.
#pragma once

#include <leat/internal/net/link.hpp>

#include <caf/io/scribe.hpp>

namespace caf::io::network {
class default_multiplexer;
}

namespace leat {

/// CAF's end of a link whose two nodes have met. CAF's own module for TLS hides the certificate of
/// the other end, and lets anybody who has one reach its parser before a node knows who it is.
caf::io::scribe_ptr make_tls_scribe(caf::io::network::default_multiplexer& backend, tls_link link);

} // namespace leat

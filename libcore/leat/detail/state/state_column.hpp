// One state of all keys of a subtask, as a store sees it that does not know its type. Cells stand
// in pages; a page is copied before it is changed while a snapshot shares it.
#pragma once

#include <leat/detail/record/type_history.hpp>
#include <leat/detail/state/heap_meter.hpp>
#include <leat/detail/state/page_list.hpp>

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <vector>

namespace leat::detail {

/// Where the states of a key stand in all columns.
using state_slot = std::uint32_t;
/// The slot of keys without state. It is never edited, so that it can be read like any other.
inline constexpr state_slot no_slot = 0;

enum class state_kind : std::uint8_t { value, list, map, aggregating };

class state_column {
public:
  /// `type` in text, as in type_text.
  state_column(std::string name, state_kind kind, std::string_view type);
  virtual ~state_column() = default;

  /// The state's identity when it is saved.
  const std::string& name() const { return name_; }
  /// Kind and type as people read them: "list i64".
  const std::string& type() const { return type_; }
  /// Of name, kind and type: a state can be loaded by one with the same fingerprint.
  std::uint64_t fingerprint() const;

  /// Makes slots up to and including this one.
  virtual void reach(state_slot slot) = 0;
  virtual bool has(state_slot slot) const = 0;
  virtual void erase(state_slot slot) = 0;
  /// Heap memory of pages, and of what values own.
  virtual std::size_t bytes() const = 0;
  /// What a slot takes in its page.
  virtual std::size_t slot_bytes() const = 0;
  /// A column with the same contents that shares their pages.
  virtual std::unique_ptr<state_column> share() const = 0;

  /// Contract: has(slot).
  virtual void save(state_slot slot, std::string& to) const = 0;
  /// Contract: not has(slot). False if the bytes are none that save writes.
  virtual bool load(state_slot slot, byte_cursor& from) = 0;

  /// Of the values, for reading what was saved with an older type of them.
  virtual const type_history& history() const = 0;

protected:
  state_column(const state_column&) = default;

private:
  std::string name_;
  std::string type_;
};

/// As many cells make a page, a power of two: few where copying one may cost an allocation.
template <class Cell>
inline constexpr std::size_t
    cells_in_page = owns_heap<Cell> ? 16
                                    : std::clamp<std::size_t>(std::bit_floor(16'384 / sizeof(Cell)),
                                                              16, page_head::most_cells);

/// Cells without a value are value-initialised, so that reading need not ask.
template <class Cell>
inline constexpr cell_type cell_type_of{
    sizeof(Cell),
    alignof(Cell),
    cells_in_page<Cell>,
    [](void* first, std::size_t count) {
      std::uninitialized_value_construct_n(static_cast<Cell*>(first), count);
    },
    [](const void* from, std::size_t count, void* to) {
      std::uninitialized_copy_n(static_cast<const Cell*>(from), count, static_cast<Cell*>(to));
    },
    [](void* first, std::size_t count) { std::destroy_n(static_cast<Cell*>(first), count); },
    [](const void* first, std::size_t count) {
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < count; ++i)
        bytes += owned_bytes(static_cast<const Cell*>(first)[i]);
      return bytes;
    }};

/// Where the cell of a slot stands.
template <class Cell>
struct cells_of {
  static constexpr std::size_t in_page = cells_in_page<Cell>;

  static const Cell& cell(const page_head& head, state_slot slot) {
    return reinterpret_cast<const Cell*>(head.cells(alignof(Cell)))[slot % in_page];
  }
  static Cell& cell(page_head& head, state_slot slot) {
    return reinterpret_cast<Cell*>(head.cells(alignof(Cell)))[slot % in_page];
  }
};

/// A column in pages. Metered is what is edited of a cell by reference.
template <class Cell, class Metered = Cell>
class paged_column : public state_column, protected cells_of<Cell> {
  using cells = cells_of<Cell>;

public:
  paged_column(std::string name, state_kind kind, std::string_view type)
      : state_column(std::move(name), kind, type), pages_(cell_type_of<Cell>) {}

  void reach(state_slot slot) final { pages_.reach(slot / cells::in_page); }
  std::size_t bytes() const final { return pages_.bytes() + meter_.bytes(); }
  std::size_t slot_bytes() const final { return sizeof(Cell); }

protected:
  const page_head& page(state_slot slot) const { return pages_.head(slot / cells::in_page); }
  page_head& edit_page(state_slot slot) {
    const std::size_t i = slot / cells::in_page;
    if (pages_.shared(i)) [[unlikely]]
      unshare(i);
    return pages_.head(i);
  }

  heap_meter<Metered> meter_;

private:
  void unshare(std::size_t page) {
    meter_.settle();
    meter_.add(pages_.unshare(page));
  }

  page_list pages_;
};

} // namespace leat::detail

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/picture_table.h"

namespace ssd {

// Pictures that are decoded when they are wanted: somebody else is asked for them and puts their
// pixels in. Memory holds what is announced and nothing more: a picture's pixels go with the last
// use that was announced, as soon as whoever took it is done.
class Feed final : public Pictures {
 public:
  // Asks for pictures, each once for as long as it is announced. Called on threads that announce,
  // with no lock held.
  using Ask = std::function<void(std::span<const uint32_t>)>;

  Feed(PictureList list, Ask ask);

  size_t size() const override { return table_.size(); }
  void want(std::span<const uint32_t> indices) override;
  void drop(std::span<const uint32_t> indices) override;

  // However it ends, one announced use is used up; one that was not announced is announced.
  Picture take(uint32_t index, const std::stop_token& stop) override;

  // Answers. For a picture that nobody waits for any more they do nothing.
  void put(uint32_t index, std::span<const uint8_t> pixels);
  void fail(uint32_t index, const std::string& sentence);

  // Whether a picture is still to be answered.
  bool wanted(uint32_t index) const;

  // Nobody will answer any more: whoever waits, or comes to wait, gets Cancelled.
  void close();

  // Pictures that are announced, with pixels or without.
  size_t announced() const;

 private:
  struct Entry {
    size_t uses = 0;
    std::shared_ptr<const std::vector<uint8_t>> pixels;
    std::optional<std::string> failure;
    bool answered() const { return pixels || failure; }
  };
  void use_up(uint32_t index);
  void check(uint32_t index) const;

  const PictureTable table_;
  const Ask ask_;
  mutable std::mutex mutex_;
  std::condition_variable_any answered_;
  std::unordered_map<uint32_t, Entry> entries_;
  bool closed_ = false;
};

}  // namespace ssd

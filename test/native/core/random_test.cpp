#include "core/random.h"

#include <cmath>
#include <set>

#include "check.h"

namespace ssd {
namespace {

using Block = std::array<uint32_t, 4>;

// Philox 4x32-10 written down a second time, in the words of the paper: per round a high and a low
// half of two products; keys by multiples of the Weyl constants.
Block reference(const Block& counter, const std::array<uint32_t, 2>& key) {
  Block x = counter;
  for (uint32_t round = 0; round < 10; ++round) {
    const uint64_t left = uint64_t{x[0]} * 0xD2511F53U, right = uint64_t{x[2]} * 0xCD9E8D57U;
    const uint32_t first = key[0] + round * 0x9E3779B9U, second = key[1] + round * 0xBB67AE85U;
    x = {uint32_t(right >> 32) ^ x[1] ^ first, uint32_t(right & 0xFFFFFFFFU),
         uint32_t(left >> 32) ^ x[3] ^ second, uint32_t(left & 0xFFFFFFFFU)};
  }
  return x;
}

// A block is handed out from its end.
void check_block(const Block& expected, Random& random) {
  for (size_t i = 4; i-- > 0;) EXPECT_EQ(expected[i], random.bits());
}

struct Moments {
  double mean = 0, variance = 0, kurtosis = 0;
};

template <class F>
Moments moments(int count, F draw) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(draw());
  Moments out;
  for (const double value : values) out.mean += value / count;
  for (const double value : values) out.variance += std::pow(value - out.mean, 2) / count;
  for (const double value : values) out.kurtosis += std::pow(value - out.mean, 4) / count;
  out.kurtosis /= out.variance * out.variance;
  return out;
}

TEST(reference_gives_the_published_vectors) {
  // kat_vectors of Random123, philox4x32 10.
  const uint32_t ones = 0xFFFFFFFF;
  EXPECT_EQ((Block{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}),
            reference({ones, ones, ones, ones}, {ones, ones}));
  EXPECT_EQ((Block{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}),
            reference({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}));
}

TEST(key_zero_counter_zero_is_the_published_vector) {
  Random random(0, 0, 0);
  check_block({0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}, random);
}

TEST(seed_stream_and_index_have_their_places) {
  Random random(0x0123456789ABCDEF, 0xFFFFFFFF, 77);
  for (uint32_t block = 0; block < 3; ++block) {
    check_block(reference({block, 0, 77, 0xFFFFFFFF}, {0x89ABCDEF, 0x01234567}), random);
  }
}

TEST(same_triple_same_numbers_and_any_other_differs) {
  const auto first = [](uint64_t seed, uint32_t stream, uint32_t index) {
    Random random(seed, stream, index);
    return (uint64_t{random.bits()} << 32) | random.bits();
  };
  EXPECT_EQ(first(5, 6, 7), first(5, 6, 7));
  std::set<uint64_t> seen{first(5, 6, 7), first(5, 6, 8), first(5, 7, 7), first(6, 6, 7),
                          first(5 + (uint64_t{1} << 32), 6, 7)};
  EXPECT_EQ(5, seen.size());
}

TEST(neighbouring_indices_are_not_correlated) {
  double product = 0;
  for (uint32_t index = 0; index < 4000; ++index) {
    Random a(1, 2, index), b(1, 2, index + 1);
    product += (a.uniform() - 0.5) * (b.uniform() - 0.5) / 4000;
  }
  EXPECT_NEAR(0, product, 5e-3);  // deviation 1 / (12 sqrt 4000) = 1.3e-3
}

TEST(uniform_is_uniform) {
  Random random(3, 0, 0);
  double least = 1, most = 0;
  const auto found = moments(50000, [&] {
    const double value = random.uniform();
    least = std::min(least, value);
    most = std::max(most, value);
    return value;
  });
  EXPECT(least >= 0 && least < 1e-3);
  EXPECT(most < 1 && most > 1 - 1e-3);
  EXPECT_NEAR(0.5, found.mean, 6e-3);
  EXPECT_NEAR(1.0 / 12, found.variance, 2e-3);
  const auto wide = moments(50000, [&] { return random.uniform(-2, 6); });
  EXPECT_NEAR(2, wide.mean, 0.05);
  EXPECT_NEAR(64.0 / 12, wide.variance, 0.1);
}

TEST(below_covers_its_range_evenly) {
  Random random(4, 0, 0);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  EXPECT_NEAR(std::vector<double>(7, 10000), counts, 500);  // five deviations
  EXPECT_EQ(0, random.below(1));
}

TEST(coin_is_fair) {
  Random random(5, 0, 0);
  const auto found = moments(20000, [&] { return random.coin() ? 1.0 : 0.0; });
  EXPECT_NEAR(0.5, found.mean, 0.02);
}

TEST(normal_has_the_moments_of_a_normal) {
  Random random(6, 0, 0);
  const auto found = moments(50000, [&] { return random.normal(); });
  EXPECT_NEAR(0, found.mean, 0.02);
  EXPECT_NEAR(1, found.variance, 0.03);
  EXPECT_NEAR(3, found.kurtosis, 0.15);
}

TEST(stream_of_is_fnv_1a) {
  EXPECT_EQ(0x811C9DC5, stream_of(""));
  EXPECT_EQ(0xE40C292C, stream_of("a"));
  EXPECT_EQ(0xBF9CF968, stream_of("foobar"));
}

}  // namespace
}  // namespace ssd

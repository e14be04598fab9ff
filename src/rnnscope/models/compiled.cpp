// The recurrences of recurrences.py on CPU cores, in single precision: all steps of a layer in one call, without
// allocation between steps.
//
// Shapes: T steps, B streams, H hidden units (a multiple of 16), G gates stacked as in recurrences.py, D inputs, K
// characters. Matrices are row-major. The states h and c have T + 1 rows; row 0 is the state before the first step, so that
// row t is that before step t. Threads divide the streams, which do not depend on each other, and no sum depends on the
// number of threads: a run repeats to the bit.

#include <omp.h>
#if defined(__FMA__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using std::int64_t;

// ---- Registers --------------------------------------------------------------------------------------------------------

#if defined(__AVX512F__)
constexpr int64_t WIDTH = 16, ROWS = 12;  // floats a register; 24 of the 32 registers hold sums of a product
#elif defined(__AVX2__)
constexpr int64_t WIDTH = 8, ROWS = 6;  // 12 of 16
#else
constexpr int64_t WIDTH = 4, ROWS = 6;
#endif

// A register of floats, and the same at any address in memory; arithmetic is lane by lane.
typedef float Vector __attribute__((vector_size(WIDTH * sizeof(float))));
typedef Vector Lanes __attribute__((aligned(sizeof(float)), may_alias));
typedef int32_t Whole __attribute__((vector_size(WIDTH * sizeof(int32_t))));

inline const Lanes* lanes(const float* values) { return reinterpret_cast<const Lanes*>(values); }
inline Lanes* lanes(float* values) { return reinterpret_cast<Lanes*>(values); }

// Some values of an array as one register, the lanes beyond them 0, and back.
inline Vector load(const float* values, int64_t count) {
    if (count == WIDTH) return *lanes(values);
#if defined(__AVX512F__)
    return _mm512_maskz_loadu_ps((1u << count) - 1, values);
#else
    Vector vector = {};
    std::memcpy(&vector, values, count * sizeof(float));
    return vector;
#endif
}

inline void store(float* values, int64_t count, Vector vector) {
#if defined(__AVX512F__)
    if (count < WIDTH) return _mm512_mask_storeu_ps(values, (1u << count) - 1, vector);
#endif
    std::memcpy(values, &vector, count * sizeof(float));
}

inline Vector load(const float* values, int64_t distance, int64_t count) {  // values that are not next to each other
    if (distance == 1) return load(values, count);
    Vector vector = {};
    for (int64_t lane = 0; lane < count; lane++) vector[lane] = values[lane * distance];
    return vector;
}

// ---- Matrix product ---------------------------------------------------------------------------------------------------
//
// A tile of ROWS x COLUMNS sums stays in registers during the loop over the depth. The right-hand matrix is first copied into
// panels of COLUMNS columns; a recurrence does that once for all its steps. Where BFLOAT16 is defined, the numbers to be
// multiplied are rounded to bfloat16 in that; products and sums are of single precision all the same.

#if defined(BFLOAT16)
constexpr int64_t FACTORS = 2;  // numbers, neighbours along the depth, that are multiplied and added at once
#else
constexpr int64_t FACTORS = 1;
#endif
constexpr int64_t VECTORS = 2, COLUMNS = VECTORS * WIDTH;
constexpr int64_t DEPTH_AT_ONCE = 512;      // of a product over many steps, so that the panels stay in the cache
constexpr int64_t ROWS_AT_ONCE = 8 * ROWS;  // so that these rows stay there during the loop over all panels

struct Matrix {
    const float* values;
    int64_t row, column;  // distance in floats from one row to the next, and from one column to the next
};

// How many times a depth is multiplied and added.
inline int64_t multiplications(int64_t depth) { return (depth + FACTORS - 1) / FACTORS; }

// The factors of one multiplication, for `count` rows or columns that lie `distance` apart: what is left of the depth says
// whether there are all FACTORS of them.
inline Vector factors(const float* values, int64_t along_depth, int64_t left, int64_t distance, int64_t count) {
    const Vector first = load(values, distance, count);
#if defined(BFLOAT16)
    const Vector second = left > 1 ? load(values + along_depth, distance, count) : Vector{};
    const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
    constexpr auto from = [](int lane) { return (lane + 16) << 16 | lane; };
    const __m512i pairs = _mm512_setr_epi32(from(0), from(1), from(2), from(3), from(4), from(5), from(6), from(7), from(8),
                                            from(9), from(10), from(11), from(12), from(13), from(14), from(15));
    return reinterpret_cast<Vector>(_mm512_permutexvar_epi16(pairs, both));
#else
    (void)along_depth, (void)left;
    return first;
#endif
}

// Copy a register full of factors that are neighbours along the depth, or as many as are left.
inline void neighbours(const float* values, int64_t left, float* copy) {
#if defined(BFLOAT16)
    const Vector first = load(values, std::min(WIDTH, left));
    const Vector second = left > WIDTH ? load(values + WIDTH, std::min(WIDTH, left - WIDTH)) : Vector{};
    const Vector both = reinterpret_cast<Vector>(_mm512_cvtne2ps_pbh(second, first));
    store(copy, std::min(WIDTH, multiplications(left)), both);
#else
    std::memcpy(copy, values, std::min(WIDTH, left) * sizeof(float));
#endif
}

// sums + left * right, of a left factor for all lanes.
inline Vector add_product(Vector sums, float left, Vector right) {
#if defined(BFLOAT16)
    const __m512 all = _mm512_set1_ps(left);  // copied only: as a float two factors may be a number so small that it is 0
    return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(all), reinterpret_cast<__m512bh>(right));
#else
    return sums + left * right;
#endif
}

struct Panels {
    int64_t depth, columns;
    std::vector<Vector> values;  // panel by panel, the rows of a panel one after the other; zeros beyond the last column

    Panels(Matrix matrix, int64_t depth, int64_t columns)
        : depth(depth), columns(columns), values((columns + COLUMNS - 1) / COLUMNS * multiplications(depth) * VECTORS) {
        Vector* packed = values.data();
        for (int64_t first = 0; first < columns; first += COLUMNS)
            for (int64_t k = 0; k < depth; k += FACTORS)
                for (int64_t column = first; column < first + COLUMNS; column += WIDTH, packed++)
                    if (column < columns)
                        *packed = factors(matrix.values + k * matrix.row + column * matrix.column, matrix.row, depth - k,
                                          matrix.column, std::min(WIDTH, columns - column));
    }
};

// The left-hand matrix as tiles read it: as it is, or a copy.
struct Tiles {
    const float* values;
    int64_t row, step, tile;  // distance from one row to the next, from one multiplication to the next, from tile to tile

    Tiles(Matrix left, int64_t rows, int64_t depth) : values(left.values), row(left.row), step(left.column), tile(ROWS * row) {
#if defined(BFLOAT16)
        const bool copied = true;
#else
        // At these distances columns, or rows, of a tile would displace each other in the cache.
        const bool copied = left.column % 512 == 0 || left.row % 1024 == 0;
#endif
        if (!copied) return;
        static thread_local std::vector<float> copies;
        const int64_t steps = multiplications(depth);
        if (left.column == 1) {
            row = steps + WIDTH, step = 1, tile = ROWS * row;  // another distance
            copies.resize(rows * row);
            for (int64_t r = 0; r < rows; r++)
                for (int64_t k = 0; k < depth; k += WIDTH * FACTORS)
                    neighbours(left.values + r * left.row + k, depth - k, &copies[r * row + k / FACTORS]);
        } else {
            row = 1, step = ROWS, tile = ROWS * steps;
            copies.resize((rows + ROWS - 1) / ROWS * tile);
            float* copy = copies.data();
            for (int64_t first = 0; first < rows; first += ROWS)
                for (int64_t k = 0; k < depth; k += FACTORS, copy += ROWS) {
                    const int64_t count = std::min(ROWS, rows - first);
                    const float* start = left.values + first * left.row + k * left.column;
                    for (int64_t r = 0; r < count; r += WIDTH) {
                        const int64_t here = std::min(WIDTH, count - r);
                        store(copy + r, here, factors(start + r * left.row, left.column, depth - k, left.row, here));
                    }
                }
        }
        values = copies.data();
    }
};

// product (height, columns) = left * panel, or += when it adds; columns <= COLUMNS.
template <int64_t height>
inline void multiply_tile(const Tiles& left, const float* a, const Vector* panel, int64_t steps, int64_t columns, bool add,
                          float* product, int64_t product_row) {
    Vector sums[height][VECTORS] = {};
    for (int64_t k = 0; k < steps; k++, a += left.step, panel += VECTORS)
        for (int64_t r = 0; r < height; r++)
            for (int64_t v = 0; v < VECTORS; v++) sums[r][v] = add_product(sums[r][v], a[r * left.row], panel[v]);
    for (int64_t r = 0; r < height; r++, product += product_row)
        for (int64_t v = 0; v < VECTORS; v++) {
            const int64_t count = std::min(WIDTH, columns - v * WIDTH);
            float* part = product + v * WIDTH;
            if (count > 0) store(part, count, add ? load(part, count) + sums[r][v] : sums[r][v]);
        }
}

// The rows of one tile: as many of this height as there are, then tiles of less height.
template <int64_t height>
inline void multiply_rows(const Tiles& left, const float* a, int64_t rows, const Vector* panel, int64_t steps,
                          int64_t columns, bool add, float* product, int64_t product_row) {
    for (; rows >= height; rows -= height, a += height * left.row, product += height * product_row)
        multiply_tile<height>(left, a, panel, steps, columns, add, product, product_row);
    if constexpr (height > 1)
        multiply_rows<(height == ROWS ? ROWS / 3 : height / 2)>(left, a, rows, panel, steps, columns, add, product,
                                                                product_row);
}

// product (rows, right.columns) = left (rows, right.depth) * right, or += when it adds.
void multiply(Matrix matrix, int64_t rows, const Panels& right, bool add, float* product, int64_t product_row) {
    const Tiles left(matrix, rows, right.depth);
    const Vector* panel = right.values.data();
    const int64_t steps = multiplications(right.depth);
    for (int64_t first = 0; first < right.columns; first += COLUMNS, panel += steps * VECTORS) {
        const int64_t columns = std::min(COLUMNS, right.columns - first);
        for (int64_t row = 0; row < rows; row += ROWS)
            multiply_rows<ROWS>(left, left.values + row / ROWS * left.tile, std::min(ROWS, rows - row), panel, steps, columns,
                                add, product + row * product_row + first, product_row);
    }
}

// Give each thread its share [first, last) of `count` items.
template <typename Work>
void share_out(int64_t count, Work work) {
#pragma omp parallel
    {
        const int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
        work(count * thread / threads, count * (thread + 1) / threads);
    }
}

// ---- Shared by all cells ----------------------------------------------------------------------------------------------

// e^x = scale (1 + rest): in this form e^x - 1 keeps its digits for a small x. Good to 2e-7 of e^x for the x that matter;
// where e^x leaves the range of a float it is clamped to that range. NaN stays NaN.
struct Exponential {
    Vector scale, rest;

    explicit Exponential(Vector x) {
        Vector y = x * 1.44269504f;  // e^x = 2^y
        y = y < -126 ? Vector{} - 126 : y;
        y = y > 127 ? Vector{} + 127 : y;
        const Whole exponent = __builtin_convertvector(y + 127.5f, Whole);  // y to the nearest, as a float stores it
        const Vector r = (y - __builtin_convertvector(exponent - 127, Vector)) * 0.693147181f;
        scale = reinterpret_cast<Vector>(exponent << 23);
        rest = r * (1 + r * (1.f / 2 + r * (1.f / 6 + r * (1.f / 24 + r * (1.f / 120 + r * (1.f / 720 + r * (1.f / 5040)))))));
    }
};

inline Vector exp(Vector x) {
    const Exponential e(x);
    return e.scale + e.scale * e.rest;
}

inline Vector sigma(Vector x) { return 1 / (1 + exp(-x)); }

inline Vector tanh(Vector x) {
    const Exponential e(2 * x);
    const Vector less_one = (e.scale - 1) + e.scale * e.rest;
    return less_one / (less_one + 2);
}

inline Vector d_sigma(Vector value) { return value * (1 - value); }  // from the value of sigma
inline Vector d_tanh(Vector value) { return 1 - value * value; }     // from the value of tanh

// The part of a layer's affine maps that does not depend on its state, W_input x + b.
struct Input {
    const int64_t* characters;  // (T, B), for the lowest layer: x is one-hot, so that W_input x + b is a row of a table
    const float* table;         // (K, G H)
    const float* below;         // (T, B, D), for the others
    const float* bias;          // (G H,)
    int64_t streams, inputs, outputs;
    Panels W_input;

    Input(const int64_t* characters, const float* below, const float* weights, const float* bias, int64_t streams,
          int64_t inputs, int64_t outputs)
        : characters(characters), table(weights), below(below), bias(bias), streams(streams), inputs(inputs),
          outputs(outputs), W_input({weights, 1, inputs}, characters ? 0 : inputs, characters ? 0 : outputs) {}

    // Write it for the streams [first, last) of step t to gates (last - first, G H).
    void project(int64_t t, int64_t first, int64_t last, float* gates) const {
        for (int64_t b = first; b < last; b++) {
            const float* start = characters ? table + characters[t * streams + b] * outputs : bias;
            std::memcpy(gates + (b - first) * outputs, start, outputs * sizeof(float));
        }
        if (characters) return;
        const Matrix x = {below + (t * streams + first) * inputs, inputs, 1};
        multiply(x, last - first, W_input, true, gates, outputs);
    }
};

// Reduce all lanes to one number: join the halves until one lane is left.
template <typename Join>
inline float across(Vector vector, Join join) {
    float values[WIDTH];
    std::memcpy(values, &vector, sizeof values);
    for (int64_t half = WIDTH / 2; half > 0; half /= 2)
        for (int64_t lane = 0; lane < half; lane++) values[lane] = join(values[lane], values[lane + half]);
    return values[0];
}

// Call work(first, number) for one register of numbers after another; the last may have fewer than its lanes.
template <typename Work>
inline void in_registers(int64_t count, Work work) {
    share_out((count + WIDTH - 1) / WIDTH, [&](int64_t first, int64_t last) {
        const int64_t whole = std::min(last, count / WIDTH);
        for (int64_t v = first; v < whole; v++) work(v * WIDTH, WIDTH);
        if (whole < last) work(whole * WIDTH, count - whole * WIDTH);
    });
}

// A gradient that is no number stays so: training then ends with a message.
inline Vector clipped(Vector values, float clip) {
    values = values < -clip ? Vector{} - clip : values;
    return values > clip ? Vector{} + clip : values;
}

// a * b + c, rounded once where the processor can.
inline Vector multiply_add(Vector a, Vector b, Vector c) {
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
    return _mm256_fmadd_ps(a, b, c);
#else
    return a * b + c;
#endif
}

}  // namespace

extern "C" {

// The SHA-256 of this file as it was compiled.
const char* compiled_from() { return SOURCE_SHA256; }

// product (M, N) = left (M, depth) * right (depth, N), plus bias (N,) where there is one.
void product(int64_t M, int64_t depth, int64_t N, const float* left, int64_t left_row, int64_t left_column,
             const float* right, int64_t right_row, int64_t right_column, const float* bias, float* product) {
    for (int64_t k = 0; k < depth; k += DEPTH_AT_ONCE) {
        const Panels panels({right + k * right_row, right_row, right_column}, std::min(DEPTH_AT_ONCE, depth - k), N);
        share_out(M, [&](int64_t first, int64_t last) {
            for (int64_t row = first; row < last; row += ROWS_AT_ONCE) {
                const int64_t rows = std::min(ROWS_AT_ONCE, last - row);
                if (bias && k == 0)
                    for (int64_t r = row; r < row + rows; r++) std::memcpy(product + r * N, bias, N * sizeof(float));
                const Matrix block = {left + row * left_row + k * left_column, left_row, left_column};
                multiply(block, rows, panels, bias || k > 0, product + row * N, N);
            }
        });
    }
}

// Add row n of rows (count, width) to row indices[n] of sums.
void add_rows(int64_t count, int64_t width, const int64_t* indices, const float* rows, float* sums) {
    for (int64_t n = 0; n < count; n++, rows += width) {
        float* sum = sums + indices[n] * width;
        for (int64_t u = 0; u < width; u++) sum[u] += rows[u];
    }
}

// For every row of logits (count, K), K at least the floats of a register: -log p of the target and, on request, its gradient
// p - (one-hot target). The last register of a row overlaps the one before it; the lanes of the overlap count once.
void cross_entropy(int64_t count, int64_t K, const float* logits, const int64_t* targets, float* losses, float* gradient) {
    const int64_t whole = (K - 1) / WIDTH, last_column = K - WIDTH;
    Whole counts_already = {};
    for (int64_t lane = 0; lane < whole * WIDTH - last_column; lane++) counts_already[lane] = -1;
    share_out(count, [&](int64_t first, int64_t last) {
        std::vector<Vector> p(whole + 1);
        for (int64_t n = first; n < last; n++) {
            const float* x = logits + n * K;
            const Vector rest = counts_already ? Vector{} - INFINITY : *lanes(x + last_column);
            Vector tops = rest;
            for (int64_t v = 0; v < whole; v++) tops = lanes(x)[v] > tops ? lanes(x)[v] : tops;
            const float top = across(tops, [](float a, float b) { return std::max(a, b); });
            Vector sums = p[whole] = exp(rest - top);
            for (int64_t v = 0; v < whole; v++) sums += p[v] = exp(lanes(x)[v] - top);
            const float sum = across(sums, [](float a, float b) { return a + b; });
            losses[n] = std::log(sum) + top - x[targets[n]];
            if (gradient) {
                float *d_x = gradient + n * K, scale = 1 / sum;
                *lanes(d_x + last_column) = p[whole] * scale;
                for (int64_t v = 0; v < whole; v++) lanes(d_x)[v] = p[v] * scale;
                d_x[targets[n]] -= 1;
            }
        }
    });
}

// One step of RMSProp in two passes, between which the caller takes the root of the averages. Sums and products are rounded
// as plain torch rounds them: a multiplication and the addition after it once, where the processor can.

// average = alpha * average + rest * g^2, g the gradient clipped to [-clip, clip].
void rmsprop_averages(int64_t count, float clip, float alpha, float rest, const float* gradient, float* average) {
    in_registers(count, [=](int64_t first, int64_t values) {
        const Vector g = clipped(load(gradient + first, values), clip);
        store(average + first, values, multiply_add(rest * g, g, alpha * load(average + first, values)));
    });
}

// weight += factor * g / (root + epsilon).
void rmsprop_weights(int64_t count, float clip, float factor, float epsilon, const float* gradient, const float* root,
                     float* weight) {
    in_registers(count, [=](int64_t first, int64_t values) {
        const Vector g = clipped(load(gradient + first, values), clip);
        const Vector step = factor * g / (load(root + first, values) + epsilon);
        store(weight + first, values, load(weight + first, values) + step);
    });
}

// ---- RNN: h_t = tanh(W_hidden h_{t-1} + W_input x_t + b) ----------------------------------------------------------------

void rnn_forward(int64_t T, int64_t B, int64_t H, int64_t D, const int64_t* characters, const float* below,
                 const float* W_input, const float* bias, const float* W_hidden, float* h) {
    const Input input(characters, below, W_input, bias, B, D, H);
    const Panels W({W_hidden, 1, H}, H, H);
    share_out(B, [&](int64_t first, int64_t last) {
        for (int64_t t = 0; t < T; t++) {
            const float* h_previous = h + (t * B + first) * H;
            float* h_t = h + ((t + 1) * B + first) * H;
            input.project(t, first, last, h_t);
            multiply({h_previous, H, 1}, last - first, W, true, h_t, H);
            for (int64_t u = 0; u < (last - first) * H / WIDTH; u++) lanes(h_t)[u] = tanh(lanes(h_t)[u]);
        }
    });
}

void rnn_backward(int64_t T, int64_t B, int64_t H, const float* W_hidden, const float* h, const float* d_h, float* d_a) {
    const Panels W({W_hidden, H, 1}, H, H);
    std::vector<float> later(B * H);  // the gradient that reaches h_t through the later steps
    share_out(B, [&](int64_t first, int64_t last) {
        Lanes* through = lanes(&later[first * H]);
        for (int64_t t = T - 1; t >= 0; t--) {
            const Lanes *h_t = lanes(h + ((t + 1) * B + first) * H), *d_h_t = lanes(d_h + (t * B + first) * H);
            float* d_a_t = d_a + (t * B + first) * H;
            for (int64_t u = 0; u < (last - first) * H / WIDTH; u++)
                lanes(d_a_t)[u] = (d_h_t[u] + through[u]) * d_tanh(h_t[u]);
            if (t) multiply({d_a_t, H, 1}, last - first, W, false, &later[first * H], H);
        }
    });
}

// ---- LSTM: i, f, o = sigma(...), g = tanh(...); c_t = f c_{t-1} + i g; h_t = o tanh(c_t) --------------------------------

// With `keep`, gates (T, B, 4 H) and c (T + 1, B, H) hold every step; without, gates (B, 4 H) and c (B, H) the last one.
void lstm_forward(int64_t T, int64_t B, int64_t H, int64_t D, const int64_t* characters, const float* below,
                  const float* W_input, const float* bias, const float* W_hidden, int64_t keep, float* gates, float* c,
                  float* h) {
    const Input input(characters, below, W_input, bias, B, D, 4 * H);
    const Panels W({W_hidden, 1, H}, H, 4 * H);
    const int64_t V = H / WIDTH;
    share_out(B, [&](int64_t first, int64_t last) {
        for (int64_t t = 0; t < T; t++) {
            float* gates_t = gates + (keep ? t * B + first : first) * 4 * H;
            const float* h_previous = h + (t * B + first) * H;
            input.project(t, first, last, gates_t);
            multiply({h_previous, H, 1}, last - first, W, true, gates_t, 4 * H);
            for (int64_t b = first; b < last; b++) {
                Lanes *i = lanes(gates_t + (b - first) * 4 * H), *f = i + V, *o = f + V, *g = o + V;
                const Lanes* c_previous = lanes(c + (keep ? t * B + b : b) * H);
                Lanes *c_t = lanes(c + (keep ? (t + 1) * B + b : b) * H), *h_t = lanes(h + ((t + 1) * B + b) * H);
                for (int64_t u = 0; u < V; u++) {
                    i[u] = sigma(i[u]);
                    f[u] = sigma(f[u]);
                    o[u] = sigma(o[u]);
                    g[u] = tanh(g[u]);
                    c_t[u] = f[u] * c_previous[u] + i[u] * g[u];
                    h_t[u] = o[u] * tanh(c_t[u]);
                }
            }
        }
    });
}

void lstm_backward(int64_t T, int64_t B, int64_t H, const float* W_hidden, const float* gates, const float* c,
                   const float* d_h, float* d_gates) {
    const Panels W({W_hidden, H, 1}, 4 * H, H);
    const int64_t V = H / WIDTH;
    std::vector<float> later_h(B * H), later_c(B * H);  // the gradients that reach h_t and c_t through the later steps
    share_out(B, [&](int64_t first, int64_t last) {
        for (int64_t t = T - 1; t >= 0; t--) {
            for (int64_t b = first; b < last; b++) {
                const Lanes *i = lanes(gates + (t * B + b) * 4 * H), *f = i + V, *o = f + V, *g = o + V;
                const Lanes *c_previous = lanes(c + (t * B + b) * H), *c_t = c_previous + B * V;
                const Lanes* d_h_t = lanes(d_h + (t * B + b) * H);
                Lanes *d_i = lanes(d_gates + (t * B + b) * 4 * H), *d_f = d_i + V, *d_o = d_f + V, *d_g = d_o + V;
                Lanes *through_h = lanes(&later_h[b * H]), *through_c = lanes(&later_c[b * H]);
                for (int64_t u = 0; u < V; u++) {
                    const Vector dh = d_h_t[u] + through_h[u], tanh_c = tanh(c_t[u]);
                    const Vector dc = through_c[u] + dh * o[u] * d_tanh(tanh_c);
                    d_i[u] = dc * g[u] * d_sigma(i[u]);
                    d_f[u] = dc * c_previous[u] * d_sigma(f[u]);
                    d_o[u] = dh * tanh_c * d_sigma(o[u]);
                    d_g[u] = dc * i[u] * d_tanh(g[u]);
                    through_c[u] = dc * f[u];
                }
            }
            const float* d_gates_t = d_gates + (t * B + first) * 4 * H;
            if (t) multiply({d_gates_t, 4 * H, 1}, last - first, W, false, &later_h[first * H], H);
        }
    });
}

// ---- GRU: r, z = sigma(...), h~ = tanh(W_g (r h_{t-1}) + ...); h_t = (1 - z) h_{t-1} + z h~ -----------------------------

// With `keep`, gates (T, B, 3 H) and reset_h (T, B, H) hold every step; without, (B, 3 H) and (B, H) the last one.
void gru_forward(int64_t T, int64_t B, int64_t H, int64_t D, const int64_t* characters, const float* below,
                 const float* W_input, const float* bias, const float* W_hidden, int64_t keep, float* gates,
                 float* reset_h, float* h) {
    const Input input(characters, below, W_input, bias, B, D, 3 * H);
    const Panels W_rz({W_hidden, 1, H}, H, 2 * H), W_g({W_hidden + 2 * H * H, 1, H}, H, H);
    const int64_t V = H / WIDTH;
    share_out(B, [&](int64_t first, int64_t last) {
        const int64_t streams = last - first;
        for (int64_t t = 0; t < T; t++) {
            float* gates_t = gates + (keep ? t * B + first : first) * 3 * H;
            float* reset_h_t = reset_h + (keep ? t * B + first : first) * H;
            const float* h_previous = h + (t * B + first) * H;
            float* h_t = h + ((t + 1) * B + first) * H;
            input.project(t, first, last, gates_t);
            multiply({h_previous, H, 1}, streams, W_rz, true, gates_t, 3 * H);
            for (int64_t b = 0; b < streams; b++) {
                Lanes *r = lanes(gates_t + b * 3 * H), *z = r + V;
                for (int64_t u = 0; u < V; u++) {
                    r[u] = sigma(r[u]);
                    z[u] = sigma(z[u]);
                    lanes(reset_h_t)[b * V + u] = r[u] * lanes(h_previous)[b * V + u];
                }
            }
            multiply({reset_h_t, H, 1}, streams, W_g, true, gates_t + 2 * H, 3 * H);
            for (int64_t b = 0; b < streams; b++) {
                Lanes *z = lanes(gates_t + b * 3 * H) + V, *candidate = z + V;
                for (int64_t u = 0; u < V; u++) {
                    candidate[u] = tanh(candidate[u]);
                    lanes(h_t)[b * V + u] = (1 - z[u]) * lanes(h_previous)[b * V + u] + z[u] * candidate[u];
                }
            }
        }
    });
}

void gru_backward(int64_t T, int64_t B, int64_t H, const float* W_hidden, const float* gates, const float* h,
                  const float* d_h, float* d_gates) {
    const Panels W_rz({W_hidden, H, 1}, 2 * H, H), W_g({W_hidden + 2 * H * H, H, 1}, H, H);
    const int64_t V = H / WIDTH;
    std::vector<float> later(B * H), reset(B * H);  // the gradients that reach h_t through the later steps, and r h_{t-1}
    share_out(B, [&](int64_t first, int64_t last) {
        for (int64_t t = T - 1; t >= 0; t--) {
            for (int64_t b = first; b < last; b++) {
                const Lanes *z = lanes(gates + (t * B + b) * 3 * H) + V, *candidate = z + V;
                const Lanes* d_h_t = lanes(d_h + (t * B + b) * H);
                Lanes *d_candidate = lanes(d_gates + (t * B + b) * 3 * H) + 2 * V, *through = lanes(&later[b * H]);
                for (int64_t u = 0; u < V; u++) {
                    through[u] += d_h_t[u];
                    d_candidate[u] = through[u] * z[u] * d_tanh(candidate[u]);
                }
            }
            float* d_gates_t = d_gates + (t * B + first) * 3 * H;
            multiply({d_gates_t + 2 * H, 3 * H, 1}, last - first, W_g, false, &reset[first * H], H);
            for (int64_t b = first; b < last; b++) {
                const Lanes *r = lanes(gates + (t * B + b) * 3 * H), *z = r + V, *candidate = z + V;
                const Lanes *h_previous = lanes(h + (t * B + b) * H), *d_reset_h = lanes(&reset[b * H]);
                Lanes *d_r = lanes(d_gates + (t * B + b) * 3 * H), *d_z = d_r + V, *through = lanes(&later[b * H]);
                for (int64_t u = 0; u < V; u++) {
                    d_r[u] = d_reset_h[u] * h_previous[u] * d_sigma(r[u]);
                    d_z[u] = through[u] * (candidate[u] - h_previous[u]) * d_sigma(z[u]);
                    through[u] = through[u] * (1 - z[u]) + d_reset_h[u] * r[u];
                }
            }
            if (t) multiply({d_gates_t, 3 * H, 1}, last - first, W_rz, true, &later[first * H], H);
        }
    });
}
}

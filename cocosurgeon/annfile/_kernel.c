/* The scan of a list of records, as a kernel: where records lie, and the values of wanted keys.
 *
 * Every byte is checked, as strictly as Python's json does: UTF-8, escapes, numbers, control
 * characters. Two things it does not judge: what is wrong with a text, and how unusual text is
 * read (bare NaN, a key written with escapes, brackets deeper than 62, integers of more than 4300
 * digits, which Python refuses). At such a record it stops, and Python decides.
 *
 *                        .-------------------- , ---------------------.
 *                        v                                            |
 *   text --> [space] --> { --> "key" --> : --> value --> , or } --> record --> ] : closed
 *                                ^               |       |
 *                                '------ , ------+-------'
 *
 *   value, without recursion; `kinds` has a bit for each open bracket, 1 for {:
 *
 *        .---> string, number, true, false, null ---------.
 *   begin ---> [ or { : a bit more --> begin, or "key" :  +--> end --> kinds empty: done
 *        ^    ] or } at once : a bit less ----------------'     |
 *        |                                                      v
 *        '------------- , (and "key" : in an object) <--- , ] } --- ] or } : a bit less --> end
 *
 * The text is the buffer of a bytes object, so a zero byte stands at its end: no loop over bytes
 * needs to look where the end is, for a zero is never valid. Whether a stop there means that the
 * text goes on in the next window is told by the place of the stop.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef unsigned char byte;

enum { DEEPEST = 62, MOST_DIGITS = 4300, MOST_KEYS = 32, DIGITS_OF_INT64 = 18 };

/* ---- eight bytes at a time
 *
 * Each function gives a word with the highest bit set in those bytes that are meant; sums stay
 * inside their byte, so the answer is exact for each of them.
 */

#define EACH(b) (UINT64_C(0x0101010101010101) * (b))
#define LOW_BITS(word) ((word) & EACH(0x7F))
#define HIGH_BIT EACH(0x80)

static uint64_t eight(const byte *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static int first_marked(uint64_t marks)
{
    return __builtin_ctzll(marks) >> 3;
}

static uint64_t no_digits(uint64_t word)
{
    word ^= EACH('0');
    return ((LOW_BITS(word) + EACH(0x80 - 10)) | word) & HIGH_BIT;
}

static uint64_t equal(uint64_t word, byte b)
{
    word ^= EACH(b);
    return ~((LOW_BITS(word) + EACH(0x7F)) | word) & HIGH_BIT;
}

/* A quote, a backslash, a control character, or a part of a character beyond ASCII. */
static uint64_t special(uint64_t word)
{
    uint64_t control = ~(LOW_BITS(word) + EACH(0x80 - 0x20)) & HIGH_BIT;
    return control | equal(word, '"') | equal(word, '\\') | (word & HIGH_BIT);
}

/* ---- values
 *
 * Each function takes the place where something begins and returns the place after it; NULL, and
 * the place in `stop`, where it is not that.
 */

typedef struct {
    const byte *end;
    const byte *stop;
    bool escaped; /* an escape was met since this was last set to false */
} Reader;

static const byte *stopped(Reader *reader, const byte *at)
{
    reader->stop = at;
    return NULL;
}

static const byte *space(const byte *p)
{
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
        p++;
    return p;
}

static bool is_digit(byte b)
{
    return (byte)(b - '0') < 10;
}

static bool is_hex(byte b)
{
    return is_digit(b) || (byte)((b | 0x20) - 'a') < 6;
}

static const byte *digits(const byte *p, const byte *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t others = no_digits(eight(p));
        if (others)
            return p + first_marked(others);
    }
    while (is_digit(*p))
        p++;
    return p;
}

static const byte *number(Reader *reader, const byte *p)
{
    const byte *start = p += *p == '-';
    if (!is_digit(*p))
        return stopped(reader, p);
    p = *p == '0' ? p + 1 : digits(p, reader->end);
    const byte *whole = p;
    if (*p == '.') {
        p = digits(p + 1, reader->end);
        if (p == whole + 1)
            return stopped(reader, p);
    }
    if ((*p | 0x20) == 'e') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        if (!is_digit(*p))
            return stopped(reader, p);
        p = digits(p, reader->end);
    }
    if (p == whole && whole - start > MOST_DIGITS)
        return stopped(reader, start);
    return p;
}

static const byte *escape(Reader *reader, const byte *p)
{
    reader->escaped = true;
    if (*p != 'u')
        return *p && strchr("\"\\/bfnrt", *p) ? p + 1 : stopped(reader, p);
    for (int i = 1; i <= 4; i++)
        if (!is_hex(p[i]))
            return stopped(reader, p + i);
    return p + 5;
}

/* A character beyond ASCII. Its second byte has bounds of its own where a shorter form, a
 * surrogate, or something beyond the last character would begin. */
static const byte *character(Reader *reader, const byte *p)
{
    byte lead = *p, low = 0x80, high = 0xBF;
    if (lead < 0xC2 || lead > 0xF4)
        return stopped(reader, p);
    int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    for (int i = 1; i <= more; i++, low = 0x80, high = 0xBF)
        if (p[i] < low || p[i] > high)
            return stopped(reader, p + i);
    return p + 1 + more;
}

/* From behind the opening quote to behind the closing one. */
static const byte *string(Reader *reader, const byte *p)
{
    while (p) {
        uint64_t marks = 0;
        while (reader->end - p >= 8 && !(marks = special(eight(p))))
            p += 8;
        if (marks)
            p += first_marked(marks);
        else
            while (*p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
                p++;
        if (*p == '"')
            return p + 1;
        if (*p == '\\')
            p = escape(reader, p + 1);
        else
            p = *p >= 0x80 ? character(reader, p) : stopped(reader, p);
    }
    return NULL;
}

/* The colon after a key, and the space around it. */
static const byte *colon(Reader *reader, const byte *p)
{
    p = space(p);
    return *p == ':' ? space(p + 1) : stopped(reader, p);
}

static const byte *key(Reader *reader, const byte *p)
{
    if (*p != '"')
        return stopped(reader, p);
    p = string(reader, p + 1);
    return p ? colon(reader, p) : NULL;
}

static const byte *word(Reader *reader, const byte *p, const char *letters)
{
    for (; *letters; letters++, p++)
        if (*p != (byte)*letters)
            return stopped(reader, p);
    return p;
}

/* A value without brackets. */
static const byte *scalar(Reader *reader, const byte *p)
{
    switch (*p) {
    case '"':
        return string(reader, p + 1);
    case 't':
        return word(reader, p, "true");
    case 'f':
        return word(reader, p, "false");
    case 'n':
        return word(reader, p, "null");
    default:
        return number(reader, p);
    }
}

/* ---- coordinates: lists of numbers are most of a file
 *
 * From a comma behind a number to a later such comma, as far as the numbers between are plainly
 * 12 or 12.34, with at most one space behind a comma; the same comma where that is not so.
 */

#if defined(__SSE2__) && !defined(COCOSURGEON_NO_SIMD)

typedef struct {
    __m128i part[4];
} Chunk; /* 64 bytes; what is asked about each is answered by the bits of a word */

static uint64_t same(const Chunk *chunk, byte b)
{
    uint64_t bits = 0;
    for (int i = 0; i < 4; i++) {
        __m128i marks = _mm_cmpeq_epi8(chunk->part[i], _mm_set1_epi8((char)b));
        bits |= (uint64_t)(uint16_t)_mm_movemask_epi8(marks) << 16 * i;
    }
    return bits;
}

static uint64_t digits_of(const Chunk *chunk)
{
    Chunk above, cut;
    for (int i = 0; i < 4; i++) {
        above.part[i] = _mm_sub_epi8(chunk->part[i], _mm_set1_epi8('0'));
        cut.part[i] = _mm_subs_epu8(above.part[i], _mm_set1_epi8(9)); /* 0 for digits alone */
    }
    return same(&cut, 0);
}

static const byte *coordinates(const byte *p, const byte *end)
{
    for (int last; end - p >= 64; p += last) {
        Chunk chunk;
        for (int i = 0; i < 4; i++)
            chunk.part[i] = _mm_loadu_si128((const void *)(p + 16 * i));
        uint64_t digit = digits_of(&chunk), zero = same(&chunk, '0');
        uint64_t point = same(&chunk, '.'), comma = same(&chunk, ','), blank = same(&chunk, ' ');
        uint64_t other = ~(digit | point | comma | blank);
        comma &= (other & -other) - 1; /* those before the first other byte */
        if (comma < 2)
            break;
        last = 63 - __builtin_clzll(comma);
        uint64_t behind_comma = comma << 1, behind_digit = digit << 1, before_digit = digit >> 1;
        uint64_t first = (behind_comma & ~blank) | blank << 1;
        /* Adding a bit to a run of digits carries it to the byte behind the run. */
        uint64_t behind_fraction = ((point << 1) + digit) & ~digit;
        uint64_t wrong = (blank & ~behind_comma) | (first & ~digit) | (first & zero & before_digit) |
                         (point & ~(behind_digit & before_digit)) | (point & behind_fraction);
        wrong &= (UINT64_C(1) << last) - 1;
        if (wrong | (comma & ~UINT64_C(1) & ~behind_digit))
            break;
    }
    return p;
}

#else

static const byte *coordinates(const byte *p, const byte *end)
{
    for (;;) {
        const byte *next = p + 1;
        if (*next == ' ')
            next++;
        if (end - next < 8 || !is_digit(*next) || (*next == '0' && next[1] != '.'))
            return p;
        uint64_t others = no_digits(eight(next));
        uint64_t later = others & (others - 1);
        if (!later)
            return p;
        int point = first_marked(others), stop = first_marked(later);
        if (next[point] != '.' || stop == point + 1 || next[stop] != ',')
            return p;
        p = next + stop;
    }
}

#endif

/* What follows in a list behind a number, as long as it is numbers. */
static const byte *numbers(Reader *reader, const byte *p)
{
    while (p && *p == ',') {
        p = coordinates(p, reader->end);
        const byte *next = p + 1;
        if (*next == ' ')
            next++;
        if (!is_digit(*next) && *next != '-')
            break;
        p = number(reader, next);
    }
    return p;
}

static const byte *value(Reader *reader, const byte *p)
{
    uint64_t kinds = 1; /* the bits of the open brackets, behind a 1 */
    do {
        if (*p == '[' || *p == '{') {
            if (kinds >> DEEPEST)
                return stopped(reader, p);
            bool is_object = *p == '{';
            p = space(p + 1);
            if (*p != (is_object ? '}' : ']')) {
                kinds = kinds << 1 | is_object;
                if (is_object && !(p = key(reader, p)))
                    return NULL;
                continue;
            }
            p++;
        } else {
            p = scalar(reader, p);
            if (kinds > 1 && !(kinds & 1))
                p = numbers(reader, p);
            if (!p)
                return NULL;
        }
        for (; kinds > 1; kinds >>= 1, p++) {
            p = space(p);
            if (*p == ',') {
                p = space(p + 1);
                if (kinds & 1 && !(p = key(reader, p)))
                    return NULL;
                break;
            }
            if (*p != (kinds & 1 ? '}' : ']'))
                return stopped(reader, p);
        }
    } while (kinds > 1);
    return p;
}

/* ---- records */

typedef struct {
    Py_ssize_t start, stop; /* both 0: there is none */
} Span;

typedef struct {
    const char *key;
    size_t size;
    Span *spans;       /* of each record's value */
    int64_t *integers; /* each record's value, as long as all of them are integers */
    bool is_whole;
} Column;

typedef struct {
    const byte *text;
    Reader reader;
    Column columns[MOST_KEYS];
    int n_columns;
    Span *records;
    Py_ssize_t count, capacity;
    const byte *after; /* where the next record begins, or behind the list's bracket */
    bool is_closed;
    bool is_plain; /* false: at `after` stands what is for Python to judge */
} Scan;

static Py_ssize_t offset(const Scan *scan, const byte *p)
{
    return p - scan->text;
}

/* Read a value's text as an integer of 64 bits; false when it is none, or may be too long. */
static bool as_integer(const byte *p, const byte *stop, int64_t *integer)
{
    bool is_negative = *p == '-';
    p += is_negative;
    if (stop - p > DIGITS_OF_INT64)
        return false;
    int64_t sum = 0;
    for (; p < stop; p++) {
        if (!is_digit(*p))
            return false;
        sum = sum * 10 + (*p - '0');
    }
    *integer = is_negative ? -sum : sum;
    return true;
}

static void keep_value(Scan *scan, const byte *name, size_t size, Span found)
{
    for (int i = 0; i < scan->n_columns; i++) {
        Column *column = &scan->columns[i];
        if (column->size == size && !memcmp(column->key, name, size))
            column->spans[scan->count] = found; /* of a repeated key the last one counts */
    }
}

static const byte *record(Scan *scan, const byte *p)
{
    Reader *reader = &scan->reader;
    if (*p != '{')
        return stopped(reader, p);
    p = space(p + 1);
    if (*p == '}')
        return p + 1;
    for (;;) {
        if (*p != '"')
            return stopped(reader, p);
        const byte *name = p + 1;
        reader->escaped = false;
        if (!(p = string(reader, name)))
            return NULL;
        if (reader->escaped)
            return stopped(reader, name);
        size_t size = (size_t)(p - 1 - name);
        if (!(p = colon(reader, p)))
            return NULL;
        const byte *start = p;
        if (!(p = value(reader, p)))
            return NULL;
        keep_value(scan, name, size, (Span){offset(scan, start), offset(scan, p)});
        p = space(p);
        if (*p == '}')
            return p + 1;
        if (*p != ',')
            return stopped(reader, p);
        p = space(p + 1);
    }
}

static bool grow(void **memory, Py_ssize_t count, size_t size)
{
    if ((size_t)count > SIZE_MAX / size)
        return false;
    void *larger = realloc(*memory, (size_t)count * size);
    if (larger)
        *memory = larger;
    return larger != NULL;
}

static bool make_room(Scan *scan)
{
    if (scan->count < scan->capacity)
        return true;
    Py_ssize_t more = scan->capacity ? 2 * scan->capacity : 256;
    bool done = grow((void **)&scan->records, more, sizeof(Span));
    for (int i = 0; done && i < scan->n_columns; i++)
        done = grow((void **)&scan->columns[i].spans, more, sizeof(Span)) &&
               grow((void **)&scan->columns[i].integers, more, sizeof(int64_t));
    if (done)
        scan->capacity = more;
    return done;
}

static void count_record(Scan *scan, const byte *start, const byte *stop)
{
    for (int i = 0; i < scan->n_columns; i++) {
        Column *column = &scan->columns[i];
        Span found = column->spans[scan->count];
        if (column->is_whole)
            column->is_whole = found.stop && as_integer(scan->text + found.start,
                                                        scan->text + found.stop,
                                                        &column->integers[scan->count]);
    }
    scan->records[scan->count++] = (Span){offset(scan, start), offset(scan, stop)};
}

/* Scan whole records, each with the comma or bracket after it; false without memory. */
static bool scan_records(Scan *scan)
{
    const byte *end = scan->reader.end;
    const byte *p = scan->after;
    while ((p = space(p)) < end) {
        if (!make_room(scan))
            return false;
        for (int i = 0; i < scan->n_columns; i++)
            scan->columns[i].spans[scan->count] = (Span){0, 0};
        const byte *stop = record(scan, p);
        const byte *mark = stop ? space(stop) : scan->reader.stop;
        if (!stop || (*mark != ',' && *mark != ']')) {
            scan->is_plain = mark == end;
            break;
        }
        count_record(scan, p, stop);
        p = mark + 1;
        if ((scan->is_closed = *mark == ']'))
            break;
    }
    scan->after = p;
    return true;
}

static void release(Scan *scan)
{
    free(scan->records);
    for (int i = 0; i < scan->n_columns; i++) {
        free(scan->columns[i].spans);
        free(scan->columns[i].integers);
    }
}

/* ---- what Python sees */

/* Begin a scan of a bytes object for a tuple of keys as bytes; false with an exception set. */
static bool begin(Scan *scan, PyObject *text, PyObject *keys)
{
    memset(scan, 0, sizeof *scan);
    char *characters;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(text, &characters, &size))
        return false;
    if (PyTuple_Size(keys) > MOST_KEYS) {
        PyErr_Format(PyExc_ValueError, "more than %d keys", MOST_KEYS);
        return false;
    }
    scan->text = scan->after = (const byte *)characters;
    scan->reader.end = scan->text + size;
    scan->is_plain = true;
    for (Py_ssize_t i = 0; i < PyTuple_Size(keys); i++) {
        char *key_text;
        Py_ssize_t key_size;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(keys, i), &key_text, &key_size))
            return false;
        scan->columns[i] = (Column){key_text, (size_t)key_size, NULL, NULL, true};
        scan->n_columns++;
    }
    return true;
}

/* Run a scan without the interpreter's lock; false with an exception set. */
static bool run(Scan *scan)
{
    bool done;
    Py_BEGIN_ALLOW_THREADS
    done = scan_records(scan);
    Py_END_ALLOW_THREADS
    if (!done)
        PyErr_NoMemory();
    return done;
}

/* Start, stop and count of blocks of consecutive records, each of at least `grain` bytes. */
static PyObject *blocks(const Scan *scan, Py_ssize_t at, Py_ssize_t grain)
{
    int64_t *triples = malloc((size_t)(scan->count ? scan->count : 1) * 3 * sizeof *triples);
    if (!triples)
        return PyErr_NoMemory();
    int64_t *next = triples;
    Py_ssize_t first = 0;
    for (Py_ssize_t i = 0; i < scan->count; i++) {
        Py_ssize_t start = scan->records[first].start, stop = scan->records[i].stop;
        if (stop - start < grain && i + 1 < scan->count)
            continue;
        *next++ = at + start;
        *next++ = at + stop;
        *next++ = i + 1 - first;
        first = i + 1;
    }
    Py_ssize_t size = (Py_ssize_t)((char *)next - (char *)triples);
    PyObject *made = PyBytes_FromStringAndSize((char *)triples, size);
    free(triples);
    return made;
}

/* The texts of a column's values as a JSON list, and a byte for each record: 1 where it has one. */
static PyObject *texts(const Scan *scan, const Column *column)
{
    Py_ssize_t size = 2;
    for (Py_ssize_t i = 0; i < scan->count; i++)
        size += column->spans[i].stop - column->spans[i].start + 1;
    PyObject *list = PyBytes_FromStringAndSize(NULL, size);
    PyObject *present = PyBytes_FromStringAndSize(NULL, scan->count);
    if (!list || !present) {
        Py_XDECREF(list);
        Py_XDECREF(present);
        return NULL;
    }
    char *start = PyBytes_AsString(list), *p = start, *has = PyBytes_AsString(present);
    for (Py_ssize_t i = 0; i < scan->count; i++) {
        Span found = column->spans[i];
        has[i] = found.stop != 0;
        if (has[i]) {
            *p = p == start ? '[' : ',';
            memcpy(p + 1, scan->text + found.start, (size_t)(found.stop - found.start));
            p += 1 + found.stop - found.start;
        }
    }
    if (p == start)
        *p++ = '[';
    *p++ = ']';
    memset(p, ' ', (size_t)(start + size - p));
    return Py_BuildValue("NN", list, present);
}

static PyObject *columns(const Scan *scan)
{
    PyObject *all = PyTuple_New(scan->n_columns);
    for (int i = 0; all && i < scan->n_columns; i++) {
        const Column *column = &scan->columns[i];
        PyObject *one = column->is_whole
                            ? PyBytes_FromStringAndSize((char *)column->integers,
                                                        scan->count * (Py_ssize_t)sizeof(int64_t))
                            : texts(scan, column);
        if (!one || PyTuple_SetItem(all, i, one))
            Py_CLEAR(all);
    }
    return all;
}

static PyObject *kernel_scan(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *text, *keys, *result = NULL;
    Py_ssize_t at, grain;
    Scan scan;
    if (!PyArg_ParseTuple(arguments, "SnO!n", &text, &at, &PyTuple_Type, &keys, &grain))
        return NULL;
    if (begin(&scan, text, keys) && run(&scan)) {
        PyObject *places = blocks(&scan, at, grain), *values = places ? columns(&scan) : NULL;
        if (values)
            result = Py_BuildValue("nnOONN", scan.count, at + offset(&scan, scan.after),
                                   scan.is_closed ? Py_True : Py_False,
                                   scan.is_plain ? Py_True : Py_False, places, values);
        else
            Py_XDECREF(places);
    }
    release(&scan);
    return result;
}

/* Start and stop of the value that each record has for the one key, where it has it. */
static PyObject *places(const Scan *scan)
{
    const Py_ssize_t size = 2 * sizeof(int64_t);
    PyObject *made = PyBytes_FromStringAndSize(NULL, scan->count * size);
    char *next = made ? PyBytes_AsString(made) : NULL;
    Py_ssize_t used = 0;
    for (Py_ssize_t i = 0; made && i < scan->count; i++) {
        int64_t pair[2] = {scan->columns[0].spans[i].start, scan->columns[0].spans[i].stop};
        memcpy(next + used, pair, sizeof pair);
        used += pair[1] ? size : 0;
    }
    return made ? Py_BuildValue("Nn", made, used / size) : NULL;
}

static PyObject *kernel_values(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *text, *keys, *result = NULL;
    Scan scan;
    if (!PyArg_ParseTuple(arguments, "SO!", &text, &PyTuple_Type, &keys))
        return NULL;
    if (begin(&scan, text, keys) && run(&scan))
        result = places(&scan);
    release(&scan);
    return result;
}

static PyMethodDef methods[] = {
    {"scan", kernel_scan, METH_VARARGS, "Scan the records of a list; see kernel.py."},
    {"values", kernel_values, METH_VARARGS, "Find the values of a key; see kernel.py."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", NULL, 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}

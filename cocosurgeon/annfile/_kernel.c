/* The scan of a list of records: the place of each record, and its values of the wanted keys.
 *
 * Every byte is checked as strictly as Python's json does: UTF-8, escapes, numbers, control
 * characters. Broken and unusual records are left to Python: the kernel stops in front of them.
 * Unusual are bare NaN, a key with escapes, more than 62 open brackets, and integers of more digits
 * than Python reads.
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
 * The text is the buffer of a bytes object, which has a zero byte after its end. A zero is never
 * valid, so loops over single bytes stop there without comparing with the end. A stop at the end
 * means that the record may go on in the next window; a stop before it, that Python has to look.
 *
 * At the end of the file, apart from all that: pixels of polygons, as pycocotools draws them.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__) && !defined(WITHOUT_CHUNKS)
#define WITH_CHUNKS
#include <emmintrin.h>
#endif

typedef unsigned char byte;

enum { DEEPEST = 62, DIGITS_OF_INT64 = 18 };

/* ---- eight bytes at a time
 *
 * Each function returns a word with the highest bit set in the bytes that it looks for. No sum
 * carries into the next byte, so the answer is exact for each byte.
 */

#define EACH(b) (UINT64_C(0x0101010101010101) * (b))
#define LOW_BITS(word) ((word) & EACH(0x7F))
#define HIGH_BIT EACH(0x80)

static uint64_t eight(const byte *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "first_marked takes the lowest byte for the first"
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
 * Each function takes the place where a value begins and returns the place after it. Where the
 * text is something else, it returns NULL and stores the place in `stop`.
 */

typedef struct {
    const byte *end;
    const byte *stop;
    size_t key_size; /* of the key that was read last */
    bool escaped;    /* an escape was met since that key began */
    Py_ssize_t most_digits; /* of an integer that Python reads */
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
    if (reader->end - p >= 8 && *p != '0') { /* most often eight bytes hold 12.34 and a comma */
        uint64_t others = no_digits(eight(p)), later = others & (others - 1);
        if (later && p[first_marked(others)] == '.' && p[first_marked(later)] == ',' &&
            first_marked(later) > first_marked(others) + 1)
            return p + first_marked(later);
    }
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
    if (p == whole && whole - start > reader->most_digits)
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

/* A character beyond ASCII. After some first bytes the bounds of the second one are narrower:
 * they exclude overlong forms, surrogates, and code points above U+10FFFF. */
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

/* A key of an object, and the colon after it, with the space around that. */
static const byte *key(Reader *reader, const byte *p)
{
    if (*p != '"')
        return stopped(reader, p);
    const byte *name = p + 1;
    reader->escaped = false;
    if (!(p = string(reader, name)))
        return NULL;
    reader->key_size = (size_t)(p - 1 - name);
    p = space(p);
    return *p == ':' ? space(p + 1) : stopped(reader, p);
}

static const byte *word(Reader *reader, const byte *p, const char *letters)
{
    while (*letters && *p == (byte)*letters)
        letters++, p++;
    return *letters ? stopped(reader, p) : p;
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

/* ---- coordinates: lists of numbers are most of a file */

#ifdef WITH_CHUNKS

/* 64 bytes; what is asked about each is answered by the bits of a word. */
typedef struct { __m128i part[4]; } Chunk;

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
    Chunk cut; /* 0 for digits alone */
    for (int i = 0; i < 4; i++)
        cut.part[i] = _mm_subs_epu8(_mm_sub_epi8(chunk->part[i], _mm_set1_epi8('0')),
                                    _mm_set1_epi8(9));
    return same(&cut, 0);
}

#endif

/* From a comma behind a number to a later such comma, as far as the numbers between are plainly
 * 12 or 12.34, with at most one space behind a comma; the same comma where that is not so. */
static const byte *coordinates(const byte *p, const byte *end)
{
#ifdef WITH_CHUNKS
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
#endif
    (void)end;
    return p;
}

/* What follows in a list behind a number, as long as it is numbers. */
static const byte *numbers(Reader *reader, const byte *p)
{
    while (p && *p == ',') {
        p = coordinates(p, reader->end);
        const byte *next = p + 1 + (p[1] == ' ');
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
    int64_t start, stop; /* both 0: there is none */
    int64_t integer;     /* that a value is */
} Cell;

typedef struct {
    Cell *cells;
    Py_ssize_t count, capacity;
} Table;

typedef struct {
    const char *key;
    size_t size;
    Cell found;    /* in the record that is being read */
    Table values;  /* one cell a record */
    bool is_whole; /* all of them are integers */
    bool is_present;
} Column;

typedef struct {
    const byte *text;
    Reader reader;
    Column *columns;
    Py_ssize_t n_columns;
    Table records;
    Py_ssize_t at;     /* where the text begins in the source */
    const byte *after; /* where the next record begins, or behind the list's bracket */
    bool is_closed;
    bool is_plain; /* false: Python has to read what begins at `after` */
} Scan;

/* A new cell at the end; NULL without memory. */
static Cell *push(Table *table, Cell cell)
{
    if (table->count == table->capacity) {
        Py_ssize_t more = table->capacity ? 2 * table->capacity : 256;
        Cell *larger = realloc(table->cells, (size_t)more * sizeof(Cell));
        if (!larger)
            return NULL;
        table->cells = larger;
        table->capacity = more;
    }
    table->cells[table->count] = cell;
    return &table->cells[table->count++];
}

/* Read a value's text as an integer of 64 bits; false when it is none, or may be too long. */
static bool as_integer(const byte *p, const byte *stop, int64_t *integer)
{
    int64_t sign = *p == '-' ? -1 : 1, sum = 0;
    p += *p == '-';
    if (stop - p > DIGITS_OF_INT64)
        return false;
    for (; p < stop; p++) {
        if (!is_digit(*p))
            return false;
        sum = sum * 10 + (*p - '0');
    }
    *integer = sign * sum;
    return true;
}

static void keep_value(Scan *scan, const byte *name, size_t size, const byte *start, const byte *stop)
{
    for (Py_ssize_t i = 0; i < scan->n_columns; i++) {
        Column *column = &scan->columns[i];
        if (column->size == size && !memcmp(column->key, name, size)) {
            column->found = (Cell){start - scan->text, stop - scan->text, 0}; /* the last counts */
            column->is_present = true;
        }
    }
}

static const byte *record(Scan *scan, const byte *p)
{
    Reader *reader = &scan->reader;
    for (Py_ssize_t i = 0; i < scan->n_columns; i++)
        scan->columns[i].found = (Cell){0, 0, 0};
    if (*p != '{')
        return stopped(reader, p);
    p = space(p + 1);
    if (*p == '}')
        return p + 1;
    for (;;) {
        const byte *name = p + 1, *start = key(reader, p);
        if (!start)
            return NULL;
        if (reader->escaped)
            return stopped(reader, name);
        size_t size = reader->key_size;
        if (!(p = value(reader, start)))
            return NULL;
        keep_value(scan, name, size, start, p);
        p = space(p);
        if (*p == '}')
            return p + 1;
        if (*p != ',')
            return stopped(reader, p);
        p = space(p + 1);
    }
}

/* Count a record, and keep what was found in it; false without memory. */
static bool count_record(Scan *scan, const byte *start, const byte *stop)
{
    for (Py_ssize_t i = 0; i < scan->n_columns; i++) {
        Column *column = &scan->columns[i];
        Cell *value = push(&column->values, column->found);
        if (!value)
            return false;
        column->is_whole = column->is_whole && value->stop &&
                           as_integer(scan->text + value->start, scan->text + value->stop,
                                      &value->integer);
    }
    Py_ssize_t begin = scan->at + (start - scan->text), end = scan->at + (stop - scan->text);
    return push(&scan->records, (Cell){begin, end, 0}) != NULL;
}

/* Scan whole records, each with the comma or bracket after it; false without memory. */
static bool scan_records(Scan *scan)
{
    const byte *end = scan->reader.end;
    const byte *p = scan->after;
    while ((p = space(p)) < end) {
        const byte *stop = record(scan, p);
        const byte *mark = stop ? space(stop) : scan->reader.stop;
        if (!stop || (*mark != ',' && *mark != ']')) {
            scan->is_plain = mark == end;
            break;
        }
        if (!count_record(scan, p, stop))
            return false;
        p = mark + 1;
        if ((scan->is_closed = *mark == ']'))
            break;
    }
    scan->after = p;
    return true;
}

/* ---- what Python sees */

/* Take the text and the keys, all of them bytes; false where one is none, or without memory. */
static bool begin(Scan *scan, PyObject *text, PyObject *keys)
{
    char *start;
    Py_ssize_t size, n_keys = PyTuple_Size(keys);
    if (PyBytes_AsStringAndSize(text, &start, &size))
        return false;
    scan->text = scan->after = (const byte *)start;
    scan->reader.end = scan->text + size;
    scan->is_plain = true;
    if (!(scan->columns = calloc((size_t)n_keys + 1, sizeof(Column))))
        return false;
    for (; scan->n_columns < n_keys; scan->n_columns++) {
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(keys, scan->n_columns), &start, &size))
            return false;
        scan->columns[scan->n_columns] = (Column){.key = start, .size = (size_t)size, .is_whole = 1};
    }
    return true;
}

static PyObject *as_bytes(const Table *table)
{
    return PyBytes_FromStringAndSize((char *)table->cells, table->count * (Py_ssize_t)sizeof(Cell));
}

static PyObject *as_columns(const Scan *scan)
{
    const Table nothing = {0};
    PyObject *all = PyTuple_New(scan->n_columns);
    for (Py_ssize_t i = 0; all && i < scan->n_columns; i++) {
        const Column *column = &scan->columns[i];
        PyObject *is_whole = column->is_whole ? Py_True : Py_False;
        PyObject *one = Py_BuildValue(
            "NO", as_bytes(column->is_present ? &column->values : &nothing), is_whole);
        if (!one || PyTuple_SetItem(all, i, one))
            Py_CLEAR(all);
    }
    return all;
}

static PyObject *kernel_scan(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *text, *keys, *result = NULL;
    Scan scan = {0};
    if (!PyArg_ParseTuple(arguments, "SnO!n", &text, &scan.at, &PyTuple_Type, &keys,
                          &scan.reader.most_digits))
        return NULL;
    if (begin(&scan, text, keys)) {
        bool done;
        Py_BEGIN_ALLOW_THREADS
        done = scan_records(&scan);
        Py_END_ALLOW_THREADS
        if (done)
            result = Py_BuildValue("nnOONN", scan.records.count,
                                   scan.at + (scan.after - scan.text),
                                   scan.is_closed ? Py_True : Py_False,
                                   scan.is_plain ? Py_True : Py_False, as_bytes(&scan.records),
                                   as_columns(&scan));
    }
    if (!result && !PyErr_Occurred())
        PyErr_NoMemory(); /* malloc sets no exception */
    free(scan.records.cells);
    for (Py_ssize_t i = 0; i < scan.n_columns; i++)
        free(scan.columns[i].values.cells);
    free(scan.columns);
    return result;
}

/* ---- pixels of polygons */

enum { SCALE = 5, MIDDLE = 2 }; /* of pycocotools' grid: so many steps a pixel, its middle behind */
#define MOST_WORK (1 << 23)     /* columns times sides from which a polygon is not looked at */

typedef struct {
    int64_t x, y, dx, dy; /* from where x is least, or for a steep side y is */
    int64_t left, right;  /* the steps of x that it passes are between these */
    double slope;
} Side;

static Side side_between(int64_t x, int64_t y, int64_t to_x, int64_t to_y)
{
    bool is_steep = llabs(to_x - x) < llabs(to_y - y);
    bool is_turned = is_steep ? y > to_y : x > to_x;
    Side side = is_turned ? (Side){to_x, to_y, x - to_x, y - to_y, 0, 0, 0}
                          : (Side){x, y, to_x - x, to_y - y, 0, 0, 0};
    side.left = x < to_x ? x : to_x;
    side.right = x < to_x ? to_x : x;
    if (side.left < side.right)
        side.slope = is_steep ? (double)side.dx / (double)side.dy : (double)side.dy / (double)side.dx;
    return side;
}

static int64_t along(int64_t start, double slope, int64_t steps)
{
    return (int64_t)((double)start + slope * (double)steps + .5);
}

/* Return the first row below the place where a side passes from one step of x to the next. */
static int64_t row_below(const Side *side, int64_t x, int64_t height)
{
    int64_t y, t = x - side->x;
    if (side->dx >= llabs(side->dy)) {
        int64_t before = along(side->y, side->slope, t), after = along(side->y, side->slope, t + 1);
        y = before < after ? before : after;
    } else {
        bool is_right = side->dx > 0;
        t = (int64_t)(((double)t + .5) / side->slope);
        while (t > 0 && (along(side->x, side->slope, t - 1) > x) == is_right)
            t--;
        while (t < side->dy && (along(side->x, side->slope, t) > x) != is_right)
            t++;
        y = side->y + t - 1;
    }
    y = y < 0 ? 0 : (y + MIDDLE) / SCALE;
    return y > height ? height : y;
}

/* Return how many pixels of a column are in a polygon; rows has room for one of each side. */
static int64_t pixels_of_column(const Side *sides, Py_ssize_t n, int64_t column, int64_t height,
                                int64_t *rows)
{
    int64_t x = column * SCALE + MIDDLE, found = 0;
    Py_ssize_t passed = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        rows[passed] = i; /* without a branch, which no processor could foresee */
        passed += (x >= sides[i].left) & (x < sides[i].right);
    }
    for (Py_ssize_t i = 0; i < passed; i++) {
        int64_t row = row_below(&sides[rows[i]], x, height);
        Py_ssize_t at = i;
        for (; at > 0 && rows[at - 1] > row; at--)
            rows[at] = rows[at - 1];
        rows[at] = row;
    }
    for (Py_ssize_t i = 1; i < passed; i += 2)
        found += rows[i] - rows[i - 1];
    return found;
}

typedef struct { int64_t least, most; } Bounds;

/* Bound the pixels of a polygon by one column of each so many: from one column to the next as many
   pixels change at most as there are rows whose middle the outline passes between them. */
static Bounds bounds_of(const double *points, Py_ssize_t n, int64_t height, int64_t width,
                        int64_t step, Side *sides, int64_t *rows)
{
    int64_t left = INT64_MAX, right = 0, passed = 0, found = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        const double *a = points + 2 * i, *b = points + (i + 1 < n ? 2 * (i + 1) : 0);
        sides[i] = side_between((int64_t)(SCALE * a[0] + .5), (int64_t)(SCALE * a[1] + .5),
                                (int64_t)(SCALE * b[0] + .5), (int64_t)(SCALE * b[1] + .5));
        passed += llabs(sides[i].dy) / SCALE + 1;
        left = sides[i].left < left ? sides[i].left : left;
        right = sides[i].right > right ? sides[i].right : right;
    }
    left = left < 0 ? 0 : left / SCALE;
    right = right / SCALE < width ? right / SCALE + 1 : width; /* behind the last column */
    if ((right - left) / step * n > MOST_WORK)
        return (Bounds){0, height * width};
    for (; left < right; left += step) {
        int64_t columns = right - left < step ? right - left : step;
        found += columns * pixels_of_column(sides, n, left + columns / 2, height, rows);
    }
    int64_t room = step / 2 * passed;
    return (Bounds){found > room ? found - room : 0, found + room};
}

static PyObject *kernel_pixels(PyObject *module, PyObject *arguments)
{
    (void)module;
    char *points, *counts, *sizes;
    Py_ssize_t points_size, counts_size, sizes_size, step, first = 0, most = 1;
    if (!PyArg_ParseTuple(arguments, "y#y#y#n", &points, &points_size, &counts, &counts_size,
                          &sizes, &sizes_size, &step))
        return NULL;
    const int64_t *n = (const int64_t *)counts, *side = (const int64_t *)sizes;
    Py_ssize_t polygons = counts_size / (Py_ssize_t)sizeof(int64_t);
    for (Py_ssize_t i = 0; i < polygons; i++)
        most = n[i] > most ? (Py_ssize_t)n[i] : most;
    PyObject *found = PyBytes_FromStringAndSize(NULL, polygons * (Py_ssize_t)sizeof(Bounds));
    Bounds *bounds = found ? (Bounds *)PyBytes_AsString(found) : NULL;
    Side *sides = malloc((size_t)most * (sizeof(Side) + sizeof(int64_t)));
    if (found && sides) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < polygons; first += (Py_ssize_t)n[i++])
            bounds[i] = bounds_of((const double *)points + 2 * first, (Py_ssize_t)n[i], side[2 * i],
                                  side[2 * i + 1], step, sides, (int64_t *)(sides + most));
        Py_END_ALLOW_THREADS
    } else if (found) {
        Py_CLEAR(found);
        PyErr_NoMemory();
    }
    free(sides);
    return found;
}

static PyMethodDef methods[] = {
    {"scan", kernel_scan, METH_VARARGS, "Scan the records of a list; see kernel.py."},
    {"pixels", kernel_pixels, METH_VARARGS, "Bound the pixels of polygons; see kernel.py."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}

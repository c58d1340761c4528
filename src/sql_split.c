/* sql.split: SQL text cut into statements where the server would cut it.
 *
 * A scanner of our own, because libpg_query's two ways to split both fail on real files:
 * the parser's knows one version's grammar only and refuses a newer one's; the scanner's
 * takes BEGIN ATOMIC bodies apart, and silently drops statements without a keyword and
 * whatever follows an unbalanced parenthesis. This one knows only what all versions agree
 * on (quotes, comments, parentheses, BEGIN ATOMIC), keeps every token, and leaves errors
 * to the server. */
#include "sql.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum word { OTHER, SEMICOLON, ATOMIC, BEGIN };

struct scanner {
    const char *text;
    size_t length;
    size_t at;
    const char *error; /* what is unterminated, from `error_at` on */
    size_t error_at;
    int parentheses;
    size_t words;         /* tokens of the statement so far */
    enum word previous;   /* the token before */
    bool creates;         /* the statement begins with CREATE */
    bool creates_routine; /* and goes on with FUNCTION or PROCEDURE */
    bool in_body;         /* between BEGIN ATOMIC and its END */
};

static char peek(const struct scanner *scanner, size_t ahead)
{
    size_t at = scanner->at + ahead;
    return at < scanner->length ? scanner->text[at] : '\0';
}

/* PostgreSQL's white space, whatever the locale. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool begins_word(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_word(char c)
{
    return begins_word(c) || isdigit((unsigned char)c) || c == '$';
}

static void fail(struct scanner *scanner, size_t at, const char *what)
{
    scanner->error = what;
    scanner->error_at = at;
    scanner->at = scanner->length;
}

static void skip_line_comment(struct scanner *scanner)
{
    while (scanner->at < scanner->length && peek(scanner, 0) != '\n' &&
           peek(scanner, 0) != '\r')
        scanner->at++;
}

static void skip_block_comment(struct scanner *scanner)
{
    size_t begin = scanner->at;
    int depth = 0;
    do {
        if (scanner->at >= scanner->length) {
            fail(scanner, begin, "unterminated /* comment");
            return;
        }
        if (peek(scanner, 0) == '/' && peek(scanner, 1) == '*') {
            depth++;
            scanner->at++;
        } else if (peek(scanner, 0) == '*' && peek(scanner, 1) == '/') {
            depth--;
            scanner->at++;
        }
        scanner->at++;
    } while (depth > 0);
}

static void skip_blanks(struct scanner *scanner)
{
    while (scanner->at < scanner->length) {
        if (is_space(peek(scanner, 0)))
            scanner->at++;
        else if (peek(scanner, 0) == '-' && peek(scanner, 1) == '-')
            skip_line_comment(scanner);
        else if (peek(scanner, 0) == '/' && peek(scanner, 1) == '*')
            skip_block_comment(scanner);
        else
            return;
    }
}

/* Does the string go on after this closing quote? SQL joins 'a' and 'b' when only white
 * space with a line break (and -- comments) is between them; E'' escapes then hold in
 * both. */
static bool string_continues(struct scanner *scanner)
{
    struct scanner ahead = *scanner;
    bool line_break = false;
    while (ahead.at < ahead.length) {
        if (peek(&ahead, 0) == '\n' || peek(&ahead, 0) == '\r')
            line_break = true;
        if (is_space(peek(&ahead, 0)))
            ahead.at++;
        else if (line_break && peek(&ahead, 0) == '-' && peek(&ahead, 1) == '-')
            skip_line_comment(&ahead);
        else
            break;
    }
    if (!line_break || peek(&ahead, 0) != '\'')
        return false;
    scanner->at = ahead.at + 1;
    return true;
}

/* From the opening quote to behind the closing one. A doubled quote is two strings to us.
 */
static void skip_quoted(struct scanner *scanner, char quote, bool escapes)
{
    size_t begin = scanner->at++;
    while (scanner->at < scanner->length) {
        char c = scanner->text[scanner->at++];
        if (c == '\\' && escapes && scanner->at < scanner->length) {
            scanner->at++;
        } else if (c == quote) {
            if (peek(scanner, 0) == quote)
                scanner->at++;
            else if (quote != '\'' || !string_continues(scanner))
                return;
        }
    }
    fail(scanner, begin,
         quote == '\'' ? "unterminated quoted string" : "unterminated quoted identifier");
}

/* At a `$`: a dollar-quoted string as a whole, otherwise (a parameter) only the sign. */
static void skip_dollar(struct scanner *scanner)
{
    size_t begin = scanner->at++;
    if (begins_word(peek(scanner, 0))) {
        while (continues_word(peek(scanner, 0)) && peek(scanner, 0) != '$')
            scanner->at++;
    }
    if (peek(scanner, 0) != '$') {
        scanner->at = begin + 1;
        return;
    }
    size_t size = ++scanner->at - begin;
    const char *end = memmem(scanner->text + scanner->at, scanner->length - scanner->at,
                             scanner->text + begin, size);
    if (end == NULL)
        fail(scanner, begin, "unterminated dollar-quoted string");
    else
        scanner->at = (size_t)(end - scanner->text) + size;
}

static bool is_word(const char *word, size_t length, const char *expected)
{
    return strlen(expected) == length && strncasecmp(word, expected, length) == 0;
}

/* CREATE [OR REPLACE] FUNCTION | PROCEDURE: the kind is the second or the fourth word. */
static void note_word(struct scanner *scanner, const char *word, size_t length)
{
    if (scanner->words == 0)
        scanner->creates = is_word(word, length, "create");
    else if (scanner->creates && (scanner->words == 1 || scanner->words == 3))
        scanner->creates_routine |=
            is_word(word, length, "function") || is_word(word, length, "procedure");
}

/* In an atomic body END closes it only where a statement could begin: the END of a CASE
 * never stands there. */
static void scan_word(struct scanner *scanner)
{
    const char *word = scanner->text + scanner->at;
    size_t begin = scanner->at;
    while (continues_word(peek(scanner, 0)))
        scanner->at++;
    size_t length = scanner->at - begin;
    char next = peek(scanner, 0);
    if (next == '\'' && length == 1 && (*word == 'e' || *word == 'E'))
        skip_quoted(scanner, '\'', true);
    enum word previous = scanner->previous;
    scanner->previous = OTHER;
    note_word(scanner, word, length);
    if (scanner->parentheses > 0 || !scanner->creates_routine)
        return;
    if (scanner->in_body) {
        if (is_word(word, length, "end") && (previous == SEMICOLON || previous == ATOMIC))
            scanner->in_body = false;
    } else if (is_word(word, length, "begin")) {
        scanner->previous = BEGIN;
    } else if (previous == BEGIN && is_word(word, length, "atomic")) {
        scanner->in_body = true;
        scanner->previous = ATOMIC;
    }
}

/* Numbers end before a `$`, words do not: 1$$x$$ is a number and a string. */
static void scan_number(struct scanner *scanner)
{
    while (continues_word(peek(scanner, 0)) && peek(scanner, 0) != '$')
        scanner->at++;
    scanner->previous = OTHER;
}

/* One token, which is no blank. True when it is the semicolon that ends a statement. */
static bool scan_token(struct scanner *scanner)
{
    char c = peek(scanner, 0);
    if (c == ';' && scanner->parentheses == 0 && !scanner->in_body)
        return true;
    if (begins_word(c)) {
        scan_word(scanner);
    } else if (isdigit((unsigned char)c)) {
        scan_number(scanner);
    } else {
        scanner->previous = c == ';' ? SEMICOLON : OTHER;
        if (c == '\'' || c == '"')
            skip_quoted(scanner, c, false);
        else if (c == '$')
            skip_dollar(scanner);
        else
            scanner->at++;
        if (c == '(')
            scanner->parentheses++;
        else if (c == ')' && scanner->parentheses > 0)
            scanner->parentheses--;
    }
    scanner->words++;
    return false;
}

static void push_statement(lua_State *L, const struct scanner *scanner, size_t begin,
                           size_t end, lua_Integer line)
{
    while (end > begin && is_space(scanner->text[end - 1]))
        end--;
    lua_createtable(L, 0, 3);
    lua_pushlstring(L, scanner->text + begin, end - begin);
    lua_setfield(L, -2, "text");
    lua_pushinteger(L, (lua_Integer)begin + 1);
    lua_setfield(L, -2, "position");
    lua_pushinteger(L, line);
    lua_setfield(L, -2, "line");
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* Scans one statement and pushes it when it holds any token. False at the end of the
 * text. */
static bool scan_statement(lua_State *L, struct scanner *scanner, size_t *counted,
                           lua_Integer *line)
{
    while (scanner->at < scanner->length && is_space(peek(scanner, 0)))
        scanner->at++;
    size_t begin = scanner->at;
    skip_blanks(scanner);
    for (; *counted < scanner->at; ++*counted)
        *line += scanner->text[*counted] == '\n';
    lua_Integer first_line = *line;
    scanner->words = 0;
    scanner->creates = scanner->creates_routine = scanner->in_body = false;
    scanner->parentheses = 0;
    scanner->previous = OTHER;
    bool ended = false;
    while (scanner->at < scanner->length && !(ended = scan_token(scanner)))
        skip_blanks(scanner);
    if (scanner->error != NULL)
        return false;
    if (scanner->words > 0)
        push_statement(L, scanner, begin, scanner->at, first_line);
    scanner->at++;
    return ended;
}

/* statements | nil, message, "syntax", detail = sql.split(text): a list of { text,
 * position, line }, cut where the server would cut */
int tilth_sql_split(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    const char *zero = memchr(text, '\0', length);
    if (zero != NULL)
        return tilth_sql_fail(L, text, (size_t)(zero - text), "a zero byte");
    struct scanner scanner = {.text = text, .length = length};
    size_t counted = 0;
    lua_Integer line = 1;
    lua_newtable(L);
    while (scan_statement(L, &scanner, &counted, &line)) {
        /* each one is pushed */
    }
    if (scanner.error != NULL)
        return tilth_sql_fail(L, text, scanner.error_at, scanner.error);
    return 1;
}

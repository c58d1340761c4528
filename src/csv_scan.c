/* Finds the fields of a CSV record. */
#include "csv.h"

#include <lauxlib.h>
#include <string.h>

static size_t lines_in(const char *text, size_t length)
{
    size_t lines = 0;
    const char *end = text + length;
    while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        lines++;
        text++;
    }
    return lines;
}

static void end_field(lua_State *L, struct parser *parser, size_t end)
{
    if (parser->state != CLOSED)
        parser->field.end = end - parser->start;
    parser->fields->length = parser->count * sizeof(struct field);
    tilth_buffer_add(L, parser->fields, &parser->field, sizeof(struct field));
    parser->count++;
    parser->state = BEGIN;
}

/* Looks for the quote that ends a field. false: the text ends before. */
static bool skip_quoted(struct parser *parser)
{
    const char *data = parser->text->data;
    size_t length = parser->text->length;
    for (;;) {
        const char *from = data + parser->at;
        const char *quote = memchr(from, '"', length - parser->at);
        size_t end = quote != NULL ? (size_t)(quote - data) : length;
        bool undecided = quote != NULL && end + 1 == length && !parser->ended;
        if (undecided)
            end = length - 1; /* is it doubled? */
        parser->inner += (lua_Integer)lines_in(from, end - parser->at);
        parser->at = end;
        if (quote == NULL || undecided)
            return false;
        if (end + 1 == length || data[end + 1] != '"') {
            parser->field.end = end - parser->start;
            parser->state = CLOSED;
            parser->at = end + 1;
            return true;
        }
        parser->field.doubled = true;
        parser->at = end + 2;
    }
}

/* Pushes what is wrong with the record. */
static enum outcome broken(lua_State *L, struct parser *parser, const char *message)
{
    lua_pushfstring(L, message, (int)parser->count + 1);
    return BROKEN;
}

/* At the start of a field: is it quoted? */
static void begin_field(struct parser *parser)
{
    bool over = parser->at >= parser->text->length;
    bool quoted = !over && parser->text->data[parser->at] == '"';
    parser->at += quoted;
    parser->field = (struct field){.start = parser->at - parser->start, .quoted = quoted};
    parser->state = quoted ? QUOTED : PLAIN;
}

static void skip_plain(struct parser *parser)
{
    const char *data = parser->text->data;
    size_t at = parser->at, length = parser->text->length;
    while (at < length) {
        unsigned char c = (unsigned char)data[at];
        if (c == parser->delimiter || c == '\n' || c == '\r' || c == '"')
            break;
        at++;
    }
    parser->at = at;
}

/* After a field: the delimiter, the record's end, or something that may not be there. */
static enum outcome after_field(lua_State *L, struct parser *parser)
{
    const char *data = parser->text->data;
    size_t length = parser->text->length;
    unsigned char c = (unsigned char)data[parser->at];
    if (c == parser->delimiter) {
        end_field(L, parser, parser->at++);
        return MORE;
    }
    if (c != '\n' && c != '\r')
        return broken(
            L, parser,
            parser->state == CLOSED
                ? "text follows the closing quote of field %d; a quote inside a "
                  "field is written twice"
                : "a quote stands inside field %d, which is not quoted; put the "
                  "whole field in quotes");
    if (c == '\r' && parser->at + 1 == length && !parser->ended)
        return OVER; /* the line feed may follow */
    end_field(L, parser, parser->at++);
    if (c == '\r' && parser->at < length && data[parser->at] == '\n')
        parser->at++;
    return RECORD;
}

enum outcome tilth_csv_scan(lua_State *L, struct parser *parser)
{
    for (;;) {
        bool over = parser->at >= parser->text->length;
        if (over && !parser->ended)
            return MORE;
        if (over && parser->state == BEGIN) {
            if (parser->count == 0)
                return OVER;
            begin_field(parser); /* after a delimiter: the last field is empty */
        }
        if (over && parser->state == QUOTED)
            return broken(L, parser, "a quoted field is never closed");
        if (over) {
            end_field(L, parser, parser->at);
            return RECORD;
        }
        if (parser->state == BEGIN)
            begin_field(parser);
        if (parser->state == QUOTED && !skip_quoted(parser)) {
            if (parser->ended)
                continue;
            return MORE;
        }
        if (parser->state == PLAIN)
            skip_plain(parser);
        if (parser->at >= parser->text->length)
            continue;
        enum outcome outcome = after_field(L, parser);
        if (outcome == OVER)
            return MORE;
        if (outcome != MORE)
            return outcome;
    }
}

// A small reader of JSON. The host hands over parameters that its schema let through, so that what is read here has the
// right form; a value that is not there after all is empty, and nothing is read outside the text.

#pragma once

#include <stdbool.h>
#include <stddef.h>

// A value: the text from where it starts.
typedef struct {
    const char *at;
    const char *end;
} json;

// The value that a text consists of.
json json_of(const void *text, size_t length);

// Finds a member of an object.
bool json_member(json object, const char *name, json *value);

// Takes the next element of a list. Start with the list itself; it is moved on.
bool json_next(json *list, json *value);

// A copy of a text, with its escapes resolved and a zero at its end. The caller frees it.
char *json_text(json value);

// A whole number.
long long json_integer(json value);

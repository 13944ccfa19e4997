#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void skip_blanks(json *rest) {
    while (rest->at < rest->end && strchr(" \t\r\n", *rest->at) != nullptr) {
        rest->at++;
    }
}

static bool take(json *rest, char character) {
    skip_blanks(rest);
    if (rest->at >= rest->end || *rest->at != character) {
        return false;
    }
    rest->at++;
    return true;
}

static void skip_text(json *rest) {
    if (!take(rest, '"')) {
        return;
    }
    while (rest->at < rest->end && *rest->at != '"') {
        rest->at += *rest->at == '\\' ? 2 : 1;
    }
    rest->at = rest->at < rest->end ? rest->at + 1 : rest->end;
}

// Moves on behind a value. Brackets are counted, so that nothing recurses.
static void skip(json *rest) {
    size_t depth = 0;
    skip_blanks(rest);
    do {
        skip_blanks(rest);
        if (rest->at >= rest->end) {
            return;
        }
        char character = *rest->at;
        if (character == '"') {
            skip_text(rest);
        } else if (strchr("[{", character) != nullptr) {
            depth++;
            rest->at++;
        } else if (strchr("]}", character) != nullptr) {
            if (depth == 0) {
                return;
            }
            depth--;
            rest->at++;
        } else if (depth > 0 && strchr(",:", character) != nullptr) {
            rest->at++;
        } else {
            while (rest->at < rest->end && strchr(" \t\r\n,:]}\"", *rest->at) == nullptr) {
                rest->at++;
            }
        }
    } while (depth > 0);
}

json json_of(const void *text, size_t length) {
    const char *at = text;
    return (json){at, at + length};
}

bool json_member(json object, const char *name, json *value) {
    if (!take(&object, '{')) {
        return false;
    }
    do {
        skip_blanks(&object);
        if (object.at >= object.end || *object.at != '"') {
            return false;
        }
        char *key = json_text(object);
        bool found = strcmp(key, name) == 0;
        free(key);
        skip_text(&object);
        if (!take(&object, ':')) {
            return false;
        }
        if (found) {
            skip_blanks(&object);
            *value = object;
            return true;
        }
        skip(&object);
    } while (take(&object, ','));
    return false;
}

bool json_next(json *list, json *value) {
    if (!take(list, '[') && !take(list, ',')) {
        return false;
    }
    skip_blanks(list);
    if (list->at >= list->end || *list->at == ']') {
        return false;
    }
    *value = *list;
    skip(list);
    return true;
}

static uint32_t hex(const char *digits) {
    char copy[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};
    return (uint32_t)strtoul(copy, nullptr, 16);
}

static size_t put_utf8(char *out, uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

char *json_text(json value) {
    json rest = value;
    skip_text(&rest);
    // No escape is longer than what it stands for.
    char *text = calloc((size_t)(rest.at - value.at) + 1, 1);
    if (text == nullptr) {
        abort();
    }
    size_t length = 0;
    if (!take(&value, '"')) {
        return text;
    }
    while (value.at < rest.at && *value.at != '"') {
        if (*value.at != '\\' || value.at + 1 >= rest.at) {
            text[length++] = *value.at++;
            continue;
        }
        char escape = value.at[1];
        value.at += 2;
        if (escape != 'u' || rest.at - value.at < 4) {
            const char *plain = strchr("b\bf\fn\nr\rt\t", escape);
            text[length++] = plain == nullptr ? escape : plain[1];
            continue;
        }
        uint32_t code = hex(value.at);
        value.at += 4;
        // A character beyond 16 bits is written as two.
        if (code >> 10 == 0x36 && rest.at - value.at >= 6 && value.at[0] == '\\' && value.at[1] == 'u') {
            code = 0x10000 + ((code & 0x3ff) << 10) + (hex(value.at + 2) & 0x3ff);
            value.at += 6;
        }
        length += put_utf8(text + length, code);
    }
    return text;
}

long long json_integer(json value) {
    char digits[24] = "";
    skip_blanks(&value);
    for (size_t length = 0; length + 1 < sizeof digits && value.at < value.end; length++) {
        if (strchr("-0123456789", *value.at) == nullptr) {
            break;
        }
        digits[length] = *value.at++;
    }
    return strtoll(digits, nullptr, 10);
}

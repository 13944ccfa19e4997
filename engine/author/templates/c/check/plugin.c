// A check: does every service have a runbook with the sections that people look for at night?
//
// The bindings own what they hand out and free what they are given: every text of an answer is a copy.

#include "check.h"
#include "json.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// What a policy may say under `[params]`. The host checks it before any call.
static const char PARAMETERS[] = {
#embed "../parameters.schema.json"
    , '\0'};

enum outcome { PASS = 0, FAIL = 1, NOT_APPLICABLE = 2, UNKNOWN = 3 };
enum weight { REQUIRED = 1, ADVISED = 2 };
enum refusal { MISSING = 1 };

typedef exports_weir_policy_checker_finding_t finding;
typedef exports_weir_policy_checker_report_t report;

static void *enough(void *memory) {
    if (memory == nullptr) {
        abort();
    }
    return memory;
}

// One text made of several. The last one is a null pointer; the caller frees the result.
static char *join(const char *first, ...) {
    size_t length = strlen(first);
    char *text = enough(strdup(first));
    va_list rest;
    va_start(rest, first);
    for (const char *next; (next = va_arg(rest, const char *)) != nullptr;) {
        text = enough(realloc(text, length + strlen(next) + 1));
        strcpy(text + length, next);
        length += strlen(next);
    }
    va_end(rest);
    return text;
}

// A text for the host, which frees it.
static check_string_t given(char *text) {
    return (check_string_t){(uint8_t *)text, strlen(text)};
}

static check_string_t copy(const char *text) {
    return given(enough(strdup(text)));
}

// Adds a finding to a report. It takes `rule`, `text` and `remedy`.
static finding *add(report *to, char *rule, enum outcome outcome, char *text, char *remedy, const char *file) {
    size_t index = to->findings.len++;
    to->findings.ptr = enough(realloc(to->findings.ptr, to->findings.len * sizeof(finding)));
    finding *added = &to->findings.ptr[index];
    *added = (finding){
        .rule = given(rule),
        .outcome = outcome,
        .weight = REQUIRED,
        .text = given(text),
        .remedy = given(remedy),
        .file = copy(file),
    };
    return added;
}

// A heading as a part of a rule's name.
static char *kebab_case(const char *heading) {
    char *name = enough(calloc(strlen(heading) + 1, 1));
    size_t length = 0;
    bool between = false;
    for (; *heading != '\0'; heading++) {
        if (!isalnum((unsigned char)*heading)) {
            between = length > 0;
            continue;
        }
        if (between) {
            name[length++] = '-';
            between = false;
        }
        name[length++] = (char)tolower((unsigned char)*heading);
    }
    return name;
}

// Whether a line is a heading with this text.
static bool is_heading(const char *line, size_t length, const char *heading) {
    if (length == 0 || line[0] != '#') {
        return false;
    }
    const char *end = line + length;
    while (line < end && *line == '#') {
        line++;
    }
    while (line < end && isspace((unsigned char)*line)) {
        line++;
    }
    while (end > line && isspace((unsigned char)end[-1])) {
        end--;
    }
    size_t found = (size_t)(end - line);
    return found == strlen(heading) && strncasecmp(line, heading, found) == 0;
}

// The number of the line that is a heading with this text; 0 when none is.
static uint32_t line_of(const check_string_t *document, const char *heading) {
    const char *at = (const char *)document->ptr, *end = at + document->len;
    for (uint32_t number = 1; at < end; number++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end == nullptr ? end : line_end;
        if (is_heading(at, (size_t)(line_end - at), heading)) {
            return number;
        }
        at = line_end + 1;
    }
    return 0;
}

// Looks for a section.
static void section(report *to, const char *file, const check_string_t *document, const char *heading) {
    char *kebab = kebab_case(heading);
    char *rule = join("section-", kebab, nullptr);
    free(kebab);
    uint32_t line = line_of(document, heading);
    if (line > 0) {
        add(to, rule, PASS, join(file, " has a section ", heading, nullptr), join("", nullptr), file)->line = line;
    } else {
        char *remedy = join("add a section ", heading, " to ", file, nullptr);
        add(to, rule, FAIL, join(file, " has no section ", heading, nullptr), remedy, file);
    }
}

// Looks for every section that the parameters name.
static void sections(report *to, json params, const char *file, const check_string_t *document) {
    static const char usual[] = "[\"Rollback\", \"Escalation\"]";
    json headings, heading;
    if (!json_member(params, "headings", &headings)) {
        headings = json_of(usual, sizeof usual - 1);
    }
    while (json_next(&headings, &heading)) {
        char *text = json_text(heading);
        section(to, file, document, text);
        free(text);
    }
}

// There is no runbook, or, where it is not granted or too large, nobody can tell.
static void refused(report *to, const char *file, const weir_policy_evidence_refusal_t *refusal) {
    char *rule = join("runbook", nullptr);
    if (refusal->code == MISSING) {
        add(to, rule, FAIL, join("there is no ", file, nullptr), join("write ", file, nullptr), file);
        return;
    }
    char *text = enough(strndup((const char *)refusal->text.ptr, refusal->text.len));
    add(to, rule, UNKNOWN, text, join("", nullptr), file);
}

void exports_weir_policy_checker_describe(exports_weir_policy_checker_info_t *ret) {
    *ret = (exports_weir_policy_checker_info_t){
        .name = copy("my-plugin"),
        .version = copy("0.1.0"),
        .summary = copy("whether a service has a runbook with the sections that people look for"),
        .parameters = copy(PARAMETERS),
        .reads = {enough(malloc(sizeof(check_string_t))), 1},
    };
    ret->reads.ptr[0] = copy("runbooks/<service>.md");
}

bool exports_weir_policy_checker_assess(
    check_string_t *params, exports_weir_policy_checker_subject_t *service, report *ret,
    exports_weir_policy_checker_problem_t *err) {
    (void)err;
    json given_params = json_of(params->ptr, params->len), value;
    char *folder = json_member(given_params, "folder", &value) ? json_text(value) : join("runbooks", nullptr);
    char *name = enough(strndup((const char *)service->service.ptr, service->service.len));
    char *file = join(folder, "/", name, ".md", nullptr);
    free(folder);
    free(name);

    *ret = (report){0};
    check_string_t path = {(uint8_t *)file, strlen(file)}, document;
    weir_policy_evidence_refusal_t refusal;
    if (weir_policy_evidence_read(&path, &document, &refusal)) {
        add(ret, join("runbook", nullptr), PASS, join(file, " is there", nullptr), join("", nullptr), file);
        sections(ret, given_params, file, &document);
        check_string_free(&document);
    } else {
        refused(ret, file, &refusal);
        weir_policy_evidence_refusal_free(&refusal);
    }
    free(file);
    exports_weir_policy_checker_subject_free(service);
    check_string_free(params);
    return true;
}

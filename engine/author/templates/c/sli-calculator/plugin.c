// An SLI calculator: the share of events whose status code is below a limit.
//
// The bindings own what they hand out and free what they are given: every text of an answer is a copy.

#include "json.h"
#include "sli_calculator.h"

#include <stdlib.h>
#include <string.h>

// What an SLI may say under `params`. The host checks it before any call.
static const char PARAMETERS[] = {
#embed "../parameters.schema.json"
    , '\0'};

enum kind { INTEGER = 1 };
enum mark { NOT_VALID = 0, GOOD = 1, BAD = 2, UNKNOWN = 3 };

static sli_calculator_string_t copy(const char *text) {
    sli_calculator_string_t copied;
    sli_calculator_string_dup(&copied, text);
    return copied;
}

static void *enough(void *memory) {
    if (memory == nullptr) {
        abort();
    }
    return memory;
}

void exports_weir_policy_calculator_describe(exports_weir_policy_calculator_info_t *ret) {
    *ret = (exports_weir_policy_calculator_info_t){
        .name = copy("my-plugin"),
        .version = copy("0.1.0"),
        .summary = copy("share of events whose status code is below a limit"),
        .parameters = copy(PARAMETERS),
        .reads = {enough(malloc(sizeof(sli_calculator_string_t))), 1},
    };
    ret->reads.ptr[0] = copy("data.status, or the field that `field` names");
}

bool exports_weir_policy_calculator_prepare(
    sli_calculator_string_t *params, exports_weir_policy_calculator_plan_t *ret,
    exports_weir_policy_calculator_problem_t *err) {
    (void)err;
    json value;
    bool named = json_member(json_of(params->ptr, params->len), "field", &value);
    char *field = named ? json_text(value) : enough(strdup("data.status"));
    *ret = (exports_weir_policy_calculator_plan_t){
        .fields = {enough(malloc(sizeof(exports_weir_policy_calculator_field_t))), 1},
    };
    ret->fields.ptr[0] = (exports_weir_policy_calculator_field_t){copy(field), INTEGER};
    free(field);
    sli_calculator_string_free(params);
    return true;
}

bool exports_weir_policy_calculator_classify(
    sli_calculator_string_t *params, exports_weir_policy_calculator_batch_t *rows, sli_calculator_list_u8_t *ret,
    exports_weir_policy_calculator_problem_t *err) {
    (void)err;
    json value;
    int64_t bad_from = 500;
    if (json_member(json_of(params->ptr, params->len), "bad-from", &value)) {
        bad_from = json_integer(value);
    }
    uint32_t count = rows->rows;
    uint8_t *marks = enough(malloc(count > 0 ? count : 1));
    // The first column is the first field of the plan. A row without a value is unknown, neither good nor bad.
    memset(marks, UNKNOWN, count);
    exports_weir_policy_calculator_column_t *column = rows->columns.ptr;
    if (rows->columns.len > 0 && column->kind == INTEGER) {
        bool all_valid = column->validity == UINT32_MAX;
        for (uint32_t row = 0; row < count; row++) {
            if (all_valid || rows->bytes.ptr[column->validity + row] == 1) {
                marks[row] = rows->integers.ptr[column->start + row] < bad_from ? GOOD : BAD;
            }
        }
    }
    *ret = (sli_calculator_list_u8_t){marks, count};
    exports_weir_policy_calculator_batch_free(rows);
    sli_calculator_string_free(params);
    return true;
}

// Never called: the plan says that the calculator does not settle.
bool exports_weir_policy_calculator_settle(
    sli_calculator_string_t *params, exports_weir_policy_calculator_slices_t *merged,
    exports_weir_policy_calculator_tallies_t *ret, exports_weir_policy_calculator_problem_t *err) {
    (void)params, (void)merged, (void)ret;
    err->tag = WEIR_POLICY_TYPES_PROBLEM_UNPROCESSABLE;
    err->val.unprocessable = copy("this calculator judges events, not slices");
    return false;
}

//! Plugins written by hand in the text format: a core module that does what a test wants, lifted to the contract.

/// A plugin in the making. Its functions are bodies of core functions; memory up to 8192 is the test's own.
#[derive(Clone)]
pub(crate) struct Guest {
    interface: &'static str,
    /// The functions of the contract: name, core signature, component signature, body. `decide` is about one situation.
    functions: Vec<Function>,
    types: &'static str,
    libc: String,
    imports: String,
    /// What the core module imports besides memory and log: name, core signature.
    provided: Vec<(String, String)>,
    core: String,
    info: Option<String>,
    tail: String,
    /// What runs after each answer has been read.
    post_return: Option<String>,
}

#[derive(Clone)]
struct Function {
    name: &'static str,
    core: &'static str,
    component: &'static str,
    body: String,
}

/// Memory that is zero: empty lists, texts, and the result of a function that has nothing to say.
pub(crate) const ZEROS: u32 = 4096;
/// What `describe` says of itself.
const DESCRIPTION: u32 = 1024;

const COMMON: &str = r#"
    (type $fact-type (record (field "name" string) (field "value" string)))
    (export $fact "fact" (type $fact-type))
    (type $info-type (record (field "name" string) (field "version" string) (field "summary" string)
        (field "parameters" string) (field "reads" (list string)) (field "facts" (list $fact))))
    (export $info "info" (type $info-type))
    (type $problem-type (variant (case "invalid-params" string) (case "unprocessable" string)))
    (export $problem "problem" (type $problem-type))"#;

const CALCULATOR: &str = r#"
    (type $field-type (record (field "name" string) (field "kind" u32)))
    (export $field "field" (type $field-type))
    (type $plan-type (record (field "fields" (list $field)) (field "settles" bool) (field "latest" (option u32))
        (field "facts" (list $fact))))
    (export $plan "plan" (type $plan-type))
    (type $column-type (record (field "kind" u32) (field "start" u32) (field "validity" u32)
        (field "dictionary" u32) (field "terms" u32)))
    (export $column "column" (type $column-type))
    (type $batch-type (record (field "rows" u32) (field "columns" (list $column)) (field "integers" (list s64))
        (field "numbers" (list f64)) (field "codes" (list u32)) (field "bytes" (list u8))))
    (export $batch "batch" (type $batch-type))
    (type $slices-type (record (field "first" s64) (field "seconds" u32) (field "good" (list u64))
        (field "bad" (list u64)) (field "unknown" (list u64)) (field "latest" (list s64))))
    (export $slices "slices" (type $slices-type))
    (type $tallies-type (record (field "good" (list u64)) (field "bad" (list u64)) (field "unknown" (list u64))))
    (export $tallies "tallies" (type $tallies-type))"#;

const BUDGET: &str = r#"
    (type $latch-type (record (field "enter" string) (field "leave" string)))
    (export $latch "latch" (type $latch-type))
    (type $needs-type (record (field "windows" (list u64)) (field "latches" (list $latch))))
    (export $needs "needs" (type $needs-type))
    (type $counts-type (record (field "good" u64) (field "bad" u64)))
    (export $counts "counts" (type $counts-type))
    (type $slo-type (record (field "name" string) (field "objective" string) (field "window" u64)
        (field "total" $counts) (field "windows" (list $counts)) (field "latched" (list bool))
        (field "facts" (list $fact))))
    (export $slo "slo-status" (type $slo-type))
    (type $situation-type (record (field "service" string) (field "change" string) (field "now" s64)
        (field "slos" (list $slo)) (field "facts" (list $fact))))
    (export $situation "situation" (type $situation-type))
    (type $clause-type (record (field "code" string) (field "text" string) (field "effect" u32)
        (field "slo" string) (field "metric" u32) (field "window" u64) (field "actual" string)
        (field "required" string) (field "until" (option s64))))
    (export $clause "clause" (type $clause-type))
    (type $decision-type (record (field "effect" u32) (field "clauses" (list $clause))
        (field "obligations" (list $fact))))
    (export $decision "decision" (type $decision-type))"#;

const CHECKER: &str = r#"
    (type $subject-type (record (field "service" string) (field "change" string) (field "now" s64)
        (field "slos" (list string)) (field "dependencies" (list string)) (field "facts" (list $fact))))
    (export $subject "subject" (type $subject-type))
    (type $finding-type (record (field "rule" string) (field "outcome" u32) (field "weight" u32)
        (field "text" string) (field "remedy" string) (field "file" string) (field "line" u32)
        (field "facts" (list $fact))))
    (export $finding "finding" (type $finding-type))
    (type $report-type (record (field "findings" (list $finding)) (field "facts" (list $fact))))
    (export $report "report" (type $report-type))"#;

const SCORER: &str = r#"
    (type $item-type (record (field "id" string) (field "title" string) (field "team" string) (field "at" s64)
        (field "minutes" u64) (field "stated" u32) (field "holds" u32) (field "facts" (list $fact))))
    (export $item "work-item" (type $item-type))
    (type $task-type (record (field "title" string) (field "teams" (list string)) (field "runs" u64)
        (field "minutes" u64) (field "class" u32) (field "score" u32) (field "break-even-days" (option u64))
        (field "advice" string) (field "facts" (list $fact))))
    (export $task "task" (type $task-type))
    (type $load-type (record (field "team" string) (field "minutes" u64) (field "toil" u64) (field "budget" u64)
        (field "exceeded" bool) (field "facts" (list $fact))))
    (export $load "team-load" (type $load-type))
    (type $report-type (record (field "tasks" (list $task)) (field "teams" (list $load))))
    (export $report "report" (type $report-type))"#;

/// Decides on one situation after the other. `$decide-one` is given the parameters and the address of a situation; it hands
/// back the address of one decision or problem, as if that were what the contract wants.
const DECIDE: &str = r#"
    (func $decide (export "decide") (param i32 i32 i32 i32) (result i32)
        (local $left i32) (local $list i32) (local $answer i32) (local $to i32)
        (local.set $left (local.get 3))
        (local.set $list (call $realloc (i32.const 0) (i32.const 0) (i32.const 4)
            (i32.mul (local.get 3) (i32.const 20))))
        (local.set $to (local.get $list))
        (block $all (loop $next
            (br_if $all (i32.eqz (local.get $left)))
            (local.set $answer (call $decide-one (local.get 0) (local.get 1) (local.get 2)))
            (if (i32.load8_u (local.get $answer)) (then (return (local.get $answer))))
            (memory.copy (local.get $to) (i32.add (local.get $answer) (i32.const 4)) (i32.const 20))
            (local.set $to (i32.add (local.get $to) (i32.const 20)))
            (local.set 2 (i32.add (local.get 2) (i32.const 40)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $next)))
        (local.set $answer (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 12)))
        (i32.store (local.get $answer) (i32.const 0))
        (i32.store offset=4 (local.get $answer) (local.get $list))
        (i32.store offset=8 (local.get $answer) (local.get 3))
        (local.get $answer))"#;

/// Misbehaves in one way for each letter, and does nothing for others.
const MOOD: &str = r#"
    (table $small 1 funcref)
    (func $recurse (param i32) (result i32) (i32.add (call $recurse (local.get 0)) (i32.const 1)))
    (func $mood (param $letter i32) (local $count i32)
        (if (i32.eq (local.get $letter) (i32.const 0x6c)) ;; l: a loop
            (then (loop $forever (br $forever))))
        (if (i32.eq (local.get $letter) (i32.const 0x72)) ;; r: recursion
            (then (drop (call $recurse (i32.const 0)))))
        (if (i32.eq (local.get $letter) (i32.const 0x68)) ;; h: calls to the host
            (then (loop $forever (call $write (i32.const 4) (i32.const 0) (i32.const 0)) (br $forever))))
        (if (i32.eq (local.get $letter) (i32.const 0x6d)) ;; m: memory, little by little
            (then (loop $forever (drop (memory.grow (i32.const 16))) (br $forever))))
        (if (i32.eq (local.get $letter) (i32.const 0x4d)) ;; M: memory, all at once
            (then (drop (memory.grow (i32.const 0xffff)))))
        (if (i32.eq (local.get $letter) (i32.const 0x74)) ;; t: a table
            (then (drop (table.grow $small (ref.null func) (i32.const 20000)))))
        (if (i32.eq (local.get $letter) (i32.const 0x75)) ;; u: a trap
            (then unreachable))
        (if (i32.eq (local.get $letter) (i32.const 0x64)) ;; d: a division by zero
            (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
        (if (i32.eq (local.get $letter) (i32.const 0x6f)) ;; o: memory that is not there
            (then (drop (i32.load (i32.const 0x7ffffffc)))))
        (if (i32.eq (local.get $letter) (i32.const 0x69)) ;; i: a call of nothing
            (then (call_indirect $small (i32.const 0))))
        (if (i32.eq (local.get $letter) (i32.const 0x70)) ;; p: words, then a trap
            (then (call $write (i32.const 1) (i32.const 2048) (i32.const 9)) unreachable))
        (if (i32.eq (local.get $letter) (i32.const 0x66)) ;; f: a flood of words
            (then (loop $more
                (call $write (i32.const 3) (i32.const 2048) (i32.const 9))
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br_if $more (i32.lt_u (local.get $count) (i32.const 1000)))))))"#;

impl Guest {
    /// A calculator without fields that marks every row good.
    pub(crate) fn calculator() -> Guest {
        Guest::new("calculator", CALCULATOR)
            .function(
                "prepare",
                "(param i32 i32) (result i32)",
                r#"(param "params" string)
                (result (result $plan (error $problem)))"#,
                &format!("(i32.const {ZEROS})"),
            )
            .function(
                "classify",
                "(param i32 i32) (param $rows i32) (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
                (result i32) (local $list i32)",
                r#"(param "params" string) (param "rows" $batch)
                (result (result (list u8) (error $problem)))"#,
                &marks("(local.get $rows)", 1),
            )
            .function(
                "settle",
                "(param i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)",
                r#"(param "params" string) (param "merged" $slices)
                (result (result $tallies (error $problem)))"#,
                &format!("(i32.const {ZEROS})"),
            )
    }

    /// A budget policy that allows everything.
    pub(crate) fn budget() -> Guest {
        Guest::new("budget", BUDGET)
            .function(
                "prepare",
                "(param i32 i32) (result i32)",
                r#"(param "params" string)
                (result (result $needs (error $problem)))"#,
                &format!("(i32.const {ZEROS})"),
            )
            .function(
                "decide",
                "(param i32 i32 i32) (result i32)",
                r#"(param "params" string) (param "states" (list $situation))
                (result (result (list $decision) (error $problem)))"#,
                &format!("(i32.const {ZEROS})"),
            )
    }

    /// A budget policy whose decision is whatever bytes it was given as the counts of the first SLO's windows.
    pub(crate) fn echo() -> Guest {
        Guest::budget().body("decide", "(i32.load offset=40 (i32.load offset=24 (local.get 2)))")
    }

    /// A check that reads the document that its parameters name, and says in one finding what it was given: the text as a
    /// pass, a refusal's text as a failure. Parameters that start with `+` list the folder they name: the finding is the
    /// first path, and its line says how many there are.
    pub(crate) fn reader() -> Guest {
        let body = r#"
            (i32.store (i32.const 512) (i32.const 0))
            (if (i32.eq (i32.load8_u (local.get $path)) (i32.const 43))
                (then
                    (call $documents (i32.add (local.get $path) (i32.const 1))
                        (i32.sub (local.get $length) (i32.const 1)) (i32.const 600))
                    (if (i32.eqz (i32.load8_u (i32.const 600)))
                        (then
                            (i32.store (i32.const 552) (i32.load (i32.const 608)))
                            (if (i32.load (i32.const 608)) (then
                                (local.set $first (i32.load (i32.const 604)))
                                (i32.store (i32.const 608) (i32.load offset=4 (local.get $first)))
                                (i32.store (i32.const 604) (i32.load (local.get $first))))))))
                (else (call $read (local.get $path) (local.get $length) (i32.const 600))))
            (i32.store (i32.const 512) (i32.const 700)) (i32.store (i32.const 516) (i32.const 4))
            (i32.store (i32.const 520) (i32.load8_u (i32.const 600))) (i32.store (i32.const 524) (i32.const 1))
            (if (i32.load8_u (i32.const 600))
                (then (i32.store (i32.const 528) (i32.load (i32.const 608)))
                      (i32.store (i32.const 532) (i32.load (i32.const 612))))
                (else (i32.store (i32.const 528) (i32.load (i32.const 604)))
                      (i32.store (i32.const 532) (i32.load (i32.const 608)))))
            (i32.store (i32.const 580) (i32.const 0))
            (i32.store (i32.const 584) (i32.const 512)) (i32.store (i32.const 588) (i32.const 1))
            (i32.store (i32.const 592) (i32.const 0)) (i32.store (i32.const 596) (i32.const 0))
            (i32.const 580)"#;
        Guest::new("checker", CHECKER)
            .function(
                "assess",
                "(param $path i32) (param $length i32)
                (param i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32) (local $first i32)",
                r#"(param "params" string) (param "service" $subject)
                (result (result $report (error $problem)))"#,
                body,
            )
            .core(r#"(data (i32.const 700) "rule")"#)
            .evidence()
    }

    /// A check that finds nothing.
    pub(crate) fn checker() -> Guest {
        Guest::new("checker", CHECKER).function(
            "assess",
            "(param i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32) (result i32)",
            r#"(param "params" string) (param "service" $subject)
                (result (result $report (error $problem)))"#,
            &format!("(i32.const {ZEROS})"),
        )
    }

    /// A toil scorer that has nothing to say.
    pub(crate) fn scorer() -> Guest {
        Guest::new("scorer", SCORER).function(
            "score",
            "(param i32 i32 i64 i64 i32 i32) (result i32)",
            r#"(param "params" string) (param "since" s64) (param "until" s64) (param "items" (list $item))
                (result (result $report (error $problem)))"#,
            &format!("(i32.const {ZEROS})"),
        )
    }

    /// Has every function misbehave as the first letter of its parameters says.
    pub(crate) fn moody(mut self) -> Guest {
        for function in self.functions.iter_mut().filter(|function| function.name != "describe") {
            function.body.insert_str(0, "(call $mood (i32.load8_u (local.get 0)))");
        }
        self.core(MOOD)
    }

    fn new(interface: &'static str, types: &'static str) -> Guest {
        let guest = Guest {
            interface,
            functions: Vec::new(),
            types,
            libc: LIBC.to_owned(),
            imports: String::new(),
            provided: Vec::new(),
            core: String::new(),
            info: Some(
                r#"{"name":"test","version":"1.0.0","summary":"a test","parameters":"{}","reads":[]}"#.into(),
            ),
            tail: String::new(),
            post_return: None,
        };
        let described = [2048, 9, 2064, 5, 2072, 6, 2080, 17, 0, 0, 0, 0];
        guest
            .core(&format!(
                r#"(data (i32.const {DESCRIPTION}) "{}") (data (i32.const 2048) "described") (data (i32.const 2064) "2.0.0")
                (data (i32.const 2072) "by asking") (data (i32.const 2080) "{{\"type\":\"object\"}}")"#,
                words(&described)
            ))
            .function("describe", "(result i32)", "(result $info)", &format!("(i32.const {DESCRIPTION})"))
    }

    fn function(
        mut self,
        name: &'static str,
        core: &'static str,
        component: &'static str,
        body: &str,
    ) -> Guest {
        self.functions.push(Function { name, core, component, body: body.to_owned() });
        self
    }

    /// Replaces the body of a function.
    pub(crate) fn body(mut self, name: &str, body: &str) -> Guest {
        let function = self.functions.iter_mut().find(|function| function.name == name).unwrap();
        body.clone_into(&mut function.body);
        self
    }

    /// Adds to the core module: data, functions, tables.
    pub(crate) fn core(mut self, text: &str) -> Guest {
        self.core.push_str(text);
        self
    }

    /// Adds to the end of the component.
    pub(crate) fn tail(mut self, text: &str) -> Guest {
        self.tail.push_str(text);
        self
    }

    /// Has something run after each answer has been read.
    pub(crate) fn post_return(mut self, body: &str) -> Guest {
        self.post_return = Some(body.to_owned());
        self
    }

    /// Adds an import that the plugin makes no use of.
    pub(crate) fn import(mut self, text: &str) -> Guest {
        self.imports.push_str(text);
        self
    }

    /// Replaces something in the core module that has memory and allocator.
    pub(crate) fn libc(mut self, from: &str, to: &str) -> Guest {
        assert!(self.libc.contains(from), "`{from}` is not in the allocator");
        self.libc = self.libc.replace(from, to);
        self
    }

    /// Lets the core module call a function that the component imports: `instance` is the import's identifier.
    pub(crate) fn provide(mut self, name: &str, signature: &str, instance: &str, function: &str) -> Guest {
        self.imports.push_str(&format!(
            r#"(core func $lowered-{name} (canon lower (func {instance} "{function}")
                (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))"#
        ));
        self.provided(name, signature)
    }

    /// Lets the core module call a core function `$lowered-<name>` that an import has defined.
    pub(crate) fn provided(mut self, name: &str, signature: &str) -> Guest {
        self.provided.push((name.to_owned(), signature.to_owned()));
        self
    }

    /// Sets or removes the custom section.
    pub(crate) fn info(mut self, json: Option<&str>) -> Guest {
        self.info = json.map(str::to_owned);
        self
    }

    fn evidence(self) -> Guest {
        self.import(
            r#"(import "weir:policy/evidence@0.1.0" (instance $evidence
                (type $refusal-type (record (field "code" u32) (field "text" string)))
                (export "refusal" (type $refusal (eq $refusal-type)))
                (export "read" (func (param "path" string) (result (result string (error $refusal)))))
                (export "documents" (func (param "folder" string)
                    (result (result (list string) (error $refusal)))))))"#,
        )
        .provide("read", "(param i32 i32 i32)", "$evidence", "read")
        .provide("documents", "(param i32 i32 i32)", "$evidence", "documents")
    }

    /// The component as text.
    fn text(&self) -> String {
        let Guest { interface, types, libc, imports, tail, .. } = self;
        let each = |write: &dyn Fn(&Function) -> String| self.functions.iter().map(write).collect::<String>();
        let provided =
            self.provided.iter().map(|(name, _)| format!("(export \"{name}\" (func $lowered-{name}))"));
        let provided: String = provided.collect();
        let post_return =
            if self.post_return.is_some() { r#"(post-return (core func $main "post-return"))"# } else { "" };
        let lifted = each(&|Function { name, component, .. }| {
            format!(
                r#"
                (func ${name} {component} (canon lift (core func $main "{name}")
                    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")) {post_return}))"#
            )
        });
        let exports = each(&|Function { name, .. }| format!("(export \"{name}\" (func ${name}))"));
        let info = self
            .info
            .as_ref()
            .map(|info| format!("(@custom \"weir:info\" \"{}\")", info.replace('"', "\\\"")));
        format!(
            r#"(component {libc} {imports} {}
            (core instance $main (instantiate $Main (with "libc" (instance $libc))
                (with "host" (instance (export "write" (func $lowered-write)) {provided}))))
            {COMMON} {types} {lifted}
            (instance $plugin {exports})
            (export "weir:policy/{interface}@0.1.0" (instance $plugin))
            {} {tail})"#,
            self.core_module(),
            info.unwrap_or_default(),
        )
    }

    fn core_module(&self) -> String {
        let imports = self.provided.iter();
        let imports = imports
            .map(|(name, signature)| format!("(import \"host\" \"{name}\" (func ${name} {signature}))"));
        let imports: String = imports.collect();
        let functions = self.functions.iter().map(|Function { name, core, body, .. }| match *name {
            "decide" => format!("\n(func $decide-one {core} {body}) {DECIDE}"),
            name => format!("\n(func ${name} (export \"{name}\") {core} {body})"),
        });
        let post_return = self.post_return.as_ref();
        let post_return = post_return
            .map(|body| format!("(func (export \"post-return\") (param i32) {body})"))
            .unwrap_or_default();
        format!(
            r#"
            (core module $Main
                (import "libc" "memory" (memory 1))
                (import "libc" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
                (import "host" "write" (func $write (param i32 i32 i32)))
                {imports} {post_return} {} {})"#,
            self.core,
            functions.collect::<String>(),
        )
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let text = self.text();
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Memory with an allocator that never frees, and the log.
const LIBC: &str = r#"
    (import "weir:policy/log@0.1.0" (instance $log
        (export "write" (func (param "level" u32) (param "text" string)))))
    (core module $Libc
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 8192))
        (func (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32) (local $start i32)
            (local.set $start (i32.and
                (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                (i32.sub (i32.const 0) (local.get $align))))
            (global.set $next (i32.add (local.get $start) (local.get $size)))
            (block $enough (loop $more
                (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
                (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
                unreachable))
            (local.get $start)))
    (core instance $libc (instantiate $Libc))
    (core func $lowered-write (canon lower (func $log "write") (memory (core memory $libc "memory"))))
"#;

/// The body of a `classify` that hands back `count` times the same mark.
pub(crate) fn marks(count: &str, mark: u32) -> String {
    format!(
        "(local.set $list (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) {count}))
        (memory.fill (local.get $list) (i32.const {mark}) {count})
        (i32.store (i32.const 128) (i32.const 0))
        (i32.store (i32.const 132) (local.get $list))
        (i32.store (i32.const 136) {count})
        (i32.const 128)"
    )
}

/// Numbers of 32 bits as the bytes of a data segment.
pub(crate) fn words(words: &[u32]) -> String {
    words.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect()
}

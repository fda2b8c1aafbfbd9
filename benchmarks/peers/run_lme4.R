# lme4: see "The protocol" in benchmarks/README.md. Arguments key=value; one line of JSON on standard output.
arguments <- strsplit(commandArgs(trailingOnly = TRUE), "=", fixed = TRUE)
ask <- setNames(lapply(arguments, function(a) paste(a[-1], collapse = "=")), sapply(arguments, `[`, 1))

cpu <- function() sum(proc.time()[c("user.self", "sys.self")])
memory <- function(field) {
  line <- grep(field, readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}
answer <- function(...) {
  fields <- list(...)
  shown <- sapply(fields, function(f) if (is.character(f)) dQuote(f, FALSE) else formatC(f, digits = 15, format = "g"))
  cat("{", paste0('"', names(fields), '": ', shown, collapse = ", "), "}\n", sep = "")
}

start <- cpu()
suppressPackageStartupMessages(library(lme4))
import <- cpu() - start
if (ask$mode == "import") {
  answer(import_cpu = import)
  quit()
}

# Mean CPU time of a call, over as many calls as take at least the given seconds (proc.time tells milliseconds).
a_call <- function(f, least = as.numeric(ask$least)) {
  calls <- 1
  repeat {
    start <- cpu()
    for (i in seq_len(calls)) f()
    used <- cpu() - start
    if (used >= least) return(used / calls)
    calls <- max(calls + 1, min(10 * calls, ceiling(1.2 * calls * least / max(used, 0.001))))
  }
}

read <- function(path, factors) {
  data <- read.csv(path)
  for (name in factors) data[[name]] <- factor(data[[name]])
  data
}

fit <- function(data) lmer(formula, data)
formula <- as.formula(ask$formula)
data <- read(ask$data, strsplit(ask$factors, ",", fixed = TRUE)[[1]])
quiet <- function(f) suppressMessages(suppressWarnings(f()))

if (ask$mode == "bootstrap") {
  fitted <- quiet(function() fit(data))
  set.seed(1)
  quiet(function() for (i in 1:3) refit(fitted, simulate(fitted)[[1]]))
  answer(cpu = quiet(function() median(sapply(1:3, function(i) a_call(function() refit(fitted, simulate(fitted)[[1]]))))))
  quit()
}
if (ask$mode == "big") invisible(quiet(function() lmer(Yield ~ 1 + (1 | Batch), read(file.path(ask$warm, "dyestuff.csv"), "Batch"))))
invisible(gc())
before <- memory("VmRSS")
try(writeLines("5", "/proc/self/clear_refs"), silent = TRUE)
wall <- proc.time()[["elapsed"]]
start <- cpu()
fitted <- tryCatch(quiet(function() fit(data)), error = function(e) {
  answer(failed = gsub('["\\\n]', " ", conditionMessage(e)))
  quit()
})
first <- cpu() - start
wall <- proc.time()[["elapsed"]] - wall
peak <- memory("VmHWM")
again <- if (ask$mode == "small") quiet(function() median(sapply(1:3, function(i) a_call(function() fit(data))))) else first
answer(
  cpu = again, first_cpu = first, first_wall = wall, objective = REMLcrit(fitted), before_mb = before, peak_mb = peak
)

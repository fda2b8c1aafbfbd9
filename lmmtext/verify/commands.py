"""The TeX commands that the reader of formulas knows, by what they do."""

FONTS = {
    "mathbf": "bold", "boldsymbol": "bold", "bm": "bold", "pmb": "bold", "textbf": "bold", "bf": "bold",
    "mathrm": "roman", "operatorname": "roman", "text": "roman", "textrm": "roman", "mathsf": "roman",
    "textsf": "roman", "rm": "roman", "mathtt": "roman", "textnormal": "roman", "mbox": "roman", "textit": "roman",
    "mathcal": "script", "mathscr": "script", "mathbb": "double", "mathit": "", "mathnormal": "", "it": "",
}  # fmt: skip
TEXTS = {"text", "textrm", "operatorname", "mathrm", "textbf", "mathsf", "textsf", "mathtt", "textnormal", "mbox",
         "textit", "mathbf", "mathit"}  # fmt: skip

ACCENTS = {
    "hat": "hat", "widehat": "hat", "bar": "bar", "overline": "bar", "tilde": "tilde", "widetilde": "tilde",
    "dot": "dot", "ddot": "ddot", "check": "check", "breve": "breve", "acute": "acute", "vec": "vec",
    "underline": "underline", "mathring": "ring",
}  # fmt: skip

TRANSPARENT = {
    ",", ";", ":", "!", ">", " ", "quad", "qquad", "left", "right", "displaystyle", "textstyle", "scriptstyle",
    "limits", "nolimits", "nonumber", "notag", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl",
    "biggr", "Biggl", "Biggr", "bigm", "thinspace", "medspace", "enspace", "hfill", "mathstrut", "strut", "middle",
    "allowbreak", "mathopen", "mathclose", "mathrel", "mathbin", "hspace", "phantom", "vphantom", "hphantom", "label",
    "tag",
}  # fmt: skip
SPACES = {",", ";", ":", ">", " ", "quad", "qquad", "thinspace", "medspace", "enspace"}
WITH_ARGUMENT = {"hspace", "phantom", "vphantom", "hphantom", "label", "tag"}  # transparent together with it

LEFT_SIZES = {"left", "bigl", "Bigl", "biggl", "Biggl", "mathopen"}
RIGHT_SIZES = {"right", "bigr", "Bigr", "biggr", "Biggr", "mathclose"}

GREEK = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
    " omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell".split()
)
VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma",
            "varSigma": "Sigma", "varOmega": "Omega", "imath": "i", "jmath": "j"}  # fmt: skip

RELATIONS = {
    "=": "=", "<": "<", ">": ">", "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=", "geq": ">=",
    "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=", "equiv": "=", "coloneqq": ":=", "triangleq": ":=",
    "doteq": ":=", "approx": "approx", "simeq": "approx", "cong": "approx", "propto": "propto", "in": "in",
    "subseteq": "subseteq", "subset": "subseteq", "supseteq": "supseteq", "supset": "supseteq",
    "subsetneq": "subsetneq", "supsetneq": "supsetneq", "perp": "perp",
    "bot": "perp", "Perp": "perp", "to": "to", "rightarrow": "to", "longrightarrow": "to", "downarrow": "down",
    "searrow": "down", "uparrow": "up", "nearrow": "up", "succeq": "succeq", "succ": "succ", "preceq": "preceq",
    "prec": "prec", "ll": "<<", "gg": ">>",
}  # fmt: skip
IMPLICATIONS = {"Rightarrow": "implies", "implies": "implies", "Longrightarrow": "implies", "iff": "iff",
                "Leftrightarrow": "iff", "Longleftrightarrow": "iff", "therefore": "implies"}  # fmt: skip

OPERATORS = {"cdot": "CDOT", "times": "CDOT", "ast": "CDOT", "otimes": "OTIMES", "circ": "OTIMES", "odot": "OTIMES",
             "oplus": "OTIMES", "div": "SLASH", "slash": "SLASH"}  # fmt: skip
TENSORS = {"otimes": "kron", "circ": "hadamard", "odot": "hadamard", "oplus": "direct"}

DOTS = {"dots", "ldots", "cdots", "vdots", "ddots", "dotsc", "dotsb", "dotsm", "dotso"}

FUNCTIONS = {
    "log": "log", "ln": "log", "exp": "exp", "det": "det", "tr": "tr", "Tr": "tr", "trace": "tr", "rank": "rank",
    "rk": "rank", "vec": "vec", "vech": "vech", "diag": "diag", "Diag": "diag", "blockdiag": "blockdiag",
    "bdiag": "blockdiag", "E": "E", "Var": "Var", "var": "Var", "Cov": "Cov", "cov": "Cov", "Corr": "Corr",
    "corr": "Corr", "Cor": "Corr", "cor": "Corr", "col": "C", "range": "C",
    "sqrt": "sqrt", "dim": "dim", "eig": "eig", "sign": "sign",
    "sgn": "sign", "sin": "sin", "cos": "cos", "tanh": "tanh", "logit": "logit", "Pr": "P", "ker": "ker",
}  # fmt: skip
PLAIN_WORDS = {"tr", "log", "ln", "exp", "det", "var", "cov", "rank", "vec", "diag", "corr", "trace"}

# Functions whose brackets may hold a bar that says "given".
CONDITIONAL = {"E", "Var", "Cov", "Corr", "P", "p", "f", "g", "h", "L", "ell", "l", "pi", "q", "N", "MN", "T"}

# Letters that are functions whenever a bracket follows them, and what they are then. Others are functions only where
# the bracket could not be a factor: a single symbol, or several things with a comma, or a bar, stands in it.
LETTER_FUNCTIONS = {
    ("E", ""): "E", ("E", "bold"): "E", ("E", "roman"): "E", ("E", "double"): "E", ("V", "double"): "Var",
    ("C", ""): "C", ("C", "script"): "C", ("C", "roman"): "C", ("R", "script"): "C", ("r", "roman"): "rank",
    ("L", ""): "L", ("L", "script"): "L",
    ("ell", ""): "ell", ("f", ""): "f", ("N", "roman"): "N", ("N", "script"): "N", ("Gamma", ""): "Gamma",
}  # fmt: skip
LAWS = {"N": "N", "Normal": "N", "MN": "MN", "Gamma": "Gamma", "Ga": "Gamma", "G": "Gamma", "chi2": "chi2"}

OPTIMA = {"max": "max", "min": "min", "sup": "max", "inf": "min", "argmax": "argmax", "argmin": "argmin"}
BIG = {"sum": "sum", "prod": "prod", "bigoplus": "direct", "bigotimes": "kron"}

ALIGNED = {"aligned", "align", "align*", "split", "gathered", "gather", "gather*", "eqnarray", "eqnarray*", "equation",
           "equation*", "alignedat", "multline", "multline*"}  # fmt: skip
MATRICES = {"pmatrix": "(", "bmatrix": "[", "matrix": "", "array": "", "smallmatrix": "", "Bmatrix": "{",
            "vmatrix": "|", "Vmatrix": "||"}  # fmt: skip

IF_WORDS = {"if", "when", "for", "provided", "whenever", "where", "given that", "provided that"}
QUANTIFIERS = {"for all", "for any", "for each", "for every"}
AND_WORDS = {"and", "with", "so", "hence", "thus", "where", "or", "so that", "then"}
OTHERWISE = {"otherwise", "else"}

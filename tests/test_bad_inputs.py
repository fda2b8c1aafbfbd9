"""Every bad input is answered with an error that says what was wanted, what came, what to do."""

import re

import pytest

from tests.bad_inputs import CASES, answer


@pytest.mark.parametrize("name", CASES)
def test_a_bad_input_is_answered_in_words(name):
    _, kind, words = CASES[name]
    error = answer(name)
    assert isinstance(error, kind)
    assert re.search(words, str(error)), str(error)

"""Named checks: each says on a line whether it held."""

from collections.abc import Callable

from centre import Response


class Checks:
    """Runs checks one after the other; one that fails does not stop the next."""

    def __init__(self) -> None:
        self.failures = 0

    def run(self, name: str, body: Callable[[], object]) -> None:
        try:
            body()
        except Exception as error:  # whatever it is, it is reported with the check's name
            self.failures += 1
            where = error.__traceback__
            while where and where.tb_next:
                where = where.tb_next
            line = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else ""
            print(f"FAILED {name}: {type(error).__name__}: {error} ({line})", flush=True)
        else:
            print(f"ok {name}", flush=True)

    def refused(self, name: str, code: str, ask: Callable[[], Response], inquiry: str | None) -> None:
        """A request that is refused with this code, with the status and in the form of the article."""

        def body() -> None:
            response = ask()
            assert response.status >= 400, f"not refused: {response.status}"
            got = response.problem(inquiry)
            assert got == code, f"{got} in place of {code}"

        self.run(f"{code}: {name}", body)

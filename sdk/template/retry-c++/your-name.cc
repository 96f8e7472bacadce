/* Tries again a few times, after pauses that grow evenly. The answer follows
 * from the question and the options alone: no clock, no log, no memory of what
 * was asked before ("pure" in the manifest). What a member throws ends at the
 * border: haft::method makes it a fault. */
#include <haft/retry.h>
#include <haft/sdk.hh>

class retry : public haft::instance<retry>
{
  public:
    retry(const haft_host *our_host, const haft_create &with)
        : instance(our_host, haft_retry_v1, methods),
          tries(haft_option_number(&with, "tries")),
          pause_ms(haft_option_number(&with, "pause"))
    {
    }

    haft_status decide(const haft_call *, const haft_retry_decide_in &in,
                       haft_retry_decide_out &out)
    {
        const int64_t most = in.max > 0 ? in.max : tries;

        /* A failure of the task itself, or one that is likely gone next time. */
        if ((in.fault_class == HAFT_USER_FAILURE ||
             in.fault_class == HAFT_TRANSIENT) &&
            in.tries <= most) {
            out.verdict = HAFT_RETRY_AGAIN;
            out.delay_ms = pause_ms * in.tries;
            out.reason = haft_text("yourname has hope");
        } else {
            out.verdict = HAFT_RETRY_FAIL;
            out.reason = haft_text("yourname gives up");
        }
        return HAFT_OK;
    }

  private:
    static const haft_method methods[];
    const int64_t tries;
    const int64_t pause_ms;
};

const haft_method retry::methods[] = {haft::method<&retry::decide>};

HAFT_MODULE_OF_ONE(retry_your_name, "1.0.0", HAFT_RETRY_V1, "yourname",
                   retry::create, "your-name.json");

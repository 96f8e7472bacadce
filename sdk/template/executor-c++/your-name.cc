/* A dry run: each command is written into its attempt's output, behind a word
 * of the configuration, and the attempt ends well. Where this writes, yours
 * would start something; where it says `ended` at once, yours would say it when
 * the work is over. What a member throws ends at the border: haft::method makes
 * it a fault. */
#include <fstream>

#include <haft/executor.h>
#include <haft/sdk.hh>

class executor : public haft::instance<executor>
{
  public:
    executor(const haft_host *our_host, const haft_create &with)
        : instance(our_host, haft_executor_v1, methods),
          prefix(haft::text(haft_option_text(&with, "prefix")))
    {
    }

    haft_status start(const haft_call *, const haft_executor_start_in &in)
    {
        HAFT_NEW(haft_attempt_started_in, started);
        started.attempt = in.attempt;
        started.fence = in.fence;
        haft_ask_host(host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, &started,
                      nullptr);
        return report(in, write(in));
    }

    /* Every attempt has ended when start returns: nothing is left to do. */
    haft_status cancel(const haft_call *, const haft_executor_cancel_in &)
    {
        return HAFT_OK;
    }

    /* After a restart nobody knows whether `ended` was heard. A real executor
     * looks for the work by in.token. */
    haft_status recover(const haft_call *, const haft_executor_recover_in &,
                        haft_executor_recover_out &out)
    {
        out.state = HAFT_RECOVER_UNKNOWN;
        return HAFT_OK;
    }

    haft_status release(const haft_call *, const haft_executor_release_in &)
    {
        return HAFT_OK;
    }

  private:
    bool write(const haft_executor_start_in &in) const
    {
        std::ofstream file(haft::text(in.stdout_path), std::ios::app);

        file << prefix;
        for (uint32_t i = 0; i < in.argv.count; i++) {
            file << ' ' << haft::view(haft::item<haft_slice>(in.argv, i));
        }
        file << '\n';
        file.close();
        return !file.fail();
    }

    /* How an attempt went. Posts keep their order. */
    haft_status report(const haft_executor_start_in &in, bool is_written) const
    {
        HAFT_NEW(haft_attempt_ended_in, ended);
        ended.attempt = in.attempt;
        ended.fence = in.fence;
        ended.ended_ms = haft_now(host).real_ms;
        ended.started_ms = ended.ended_ms;
        if (!is_written) {
            ended.fault_class = HAFT_RESOURCE;
            ended.effect = HAFT_EFFECT_NOT_STARTED;
            ended.code = haft_text("your_name.output");
            ended.message = haft_text("cannot write the output");
        }
        return haft_ask_host(host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, &ended,
                             nullptr);
    }

    static const haft_method methods[];
    const std::string prefix;
};

const haft_method executor::methods[] = {
    haft::method<&executor::start>,
    haft::method<&executor::cancel>,
    haft::method<&executor::recover>,
    haft::method<&executor::release>,
};

HAFT_MODULE_OF_ONE(executor_your_name, "1.0.0", HAFT_EXECUTOR_V1, "yourname",
                   executor::create, "your-name.json");

/* Appends each event to a file, one line of JSON each. What a member throws
 * ends at the border: haft::method makes it a fault. */
#include <fstream>

#include <haft/notify.h>
#include <haft/sdk.hh>

class notify : public haft::instance<notify>
{
  public:
    /* Touches nothing outside: what is not there is met by the first event. */
    notify(const haft_host *our_host, const haft_create &with)
        : instance(our_host, haft_notify_v1, methods),
          path(haft::text(haft_option_text(&with, "file")))
    {
    }

    /* On a thread of our own ("serial"), so it may wait for the disk. */
    haft_status deliver(const haft_call *, const haft_notify_deliver_in &in)
    {
        std::ofstream file(path, std::ios::app);

        for (uint32_t i = 0; i < in.events.count; i++) {
            file << haft::view(haft::item<haft_notify_event>(in.events, i).json)
                 << '\n';
        }
        file.close();
        if (!file) {
            /* The host tells the same events again, later. */
            throw haft::error(HAFT_RESOURCE, "your_name.write",
                              "cannot write " + path);
        }
        return HAFT_OK;
    }

  private:
    static const haft_method methods[];
    const std::string path;
};

const haft_method notify::methods[] = {haft::method<&notify::deliver>};

HAFT_MODULE_OF_ONE(notify_your_name, "1.0.0", HAFT_NOTIFY_V1, "yourname",
                   notify::create, "your-name.json");

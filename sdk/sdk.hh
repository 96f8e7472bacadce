/* For plugins in C++17: an instance is an object, its methods are members, and
 * what they throw ends at the border, as a fault.
 *
 *     class mine : public haft::instance<mine> {
 *         mine(const haft_host *our_host, const haft_create &with);
 *         haft_status deliver(const haft_call *, const haft_notify_deliver_in &);
 *         static const haft_method methods[];
 *     };
 *     const haft_method mine::methods[] = {haft::method<&mine::deliver>};
 *     HAFT_MODULE_OF_ONE(notify_mine, "1.0.0", HAFT_NOTIFY_V1, "mine",
 *                        mine::create, "mine.json"); */
#ifndef HAFT_SDK_HH
#define HAFT_SDK_HH

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include <haft/sdk.h>

namespace haft
{

/* Thrown by a method or a constructor: the fault that the host gets. The code
 * is borrowed, a constant. */
class error : public std::runtime_error
{
  public:
    error(uint32_t its_class, const char *its_code, const std::string &message)
        : std::runtime_error(message), fault_class(its_class), code(its_code)
    {
    }
    const uint32_t fault_class;
    const char *const code;
};

/* Valid as long as what it was made of. */
inline std::string_view view(haft_slice s)
{
    return {static_cast<const char *>(s.p), static_cast<size_t>(s.n)};
}

inline std::string text(haft_slice s)
{
    return std::string(view(s));
}

template <class T> const T &item(haft_array a, uint32_t i)
{
    return *static_cast<const T *>(haft_item(a, i));
}

/* A copy for an answer to point at, of a method that has not returned; the host
 * frees it. */
inline haft_slice keep(const haft_host *host, const haft_call *call,
                       std::string_view what)
{
    void *room = host->alloc(host->self, call->id, what.size());

    if (!room) {
        throw std::bad_alloc();
    }
    what.copy(static_cast<char *>(room), what.size());
    return haft_bytes(room, what.size());
}

/* Of an exception that is being handled, what is answered instead. */
inline haft_status caught(const haft_host *host, const haft_call *call) noexcept
{
    try {
        throw;
    } catch (const error &e) {
        return haft_fail(host, call, e.fault_class, e.code, "%s", e.what());
    } catch (const std::bad_alloc &) {
        return haft_fail(host, call, HAFT_RESOURCE, "sdk.memory",
                         "no memory left");
    } catch (const std::exception &e) {
        return haft_fail(host, call, HAFT_INTERNAL, "sdk.exception", "%s",
                         e.what());
    } catch (...) {
        return haft_fail(host, call, HAFT_INTERNAL, "sdk.exception",
                         "something was thrown that is no exception");
    }
}

template <class T, class In, class Out>
haft_status pass(haft_status (T::*work)(const haft_call *, const In &, Out &),
                 T *self, const haft_call *call, const void *in, void *out)
{
    return (self->*work)(call, *static_cast<const In *>(in),
                         *static_cast<Out *>(out));
}

template <class T, class In>
haft_status pass(haft_status (T::*work)(const haft_call *, const In &), T *self,
                 const haft_call *call, const void *in, void *)
{
    return (self->*work)(call, *static_cast<const In *>(in));
}

template <class T, class... Rest>
T *self_of(haft_status (T::*)(Rest...), haft_base *base)
{
    return static_cast<T *>(base);
}

/* A member as a method, nothing of which is thrown. */
template <auto work>
haft_status method(void *self, const haft_call *call, const void *in,
                   void *out) noexcept
{
    haft_base *base = static_cast<haft_base *>(self);

    try {
        return pass(work, self_of(work, base), call, in, out);
    } catch (...) {
        return caught(base->host, call);
    }
}

/* What the class T of the author is derived from; T's constructor takes a
 * const haft_host * and a const haft_create &. */
template <class T> class instance : public haft_base
{
  public:
    instance(const instance &) = delete;
    instance &operator=(const instance &) = delete;

    static haft_status create(const haft_host *host, const haft_create *with,
                              haft_instance **out) noexcept
    {
        try {
            auto made = std::make_unique<T>(host, *with);
            return haft_base_give(made.release(), out);
        } catch (...) {
            return caught(host, nullptr);
        }
    }

  protected:
    instance(const haft_host *our_host, const haft_interface &interface,
             const haft_method *methods)
    {
        haft_base_init(this, our_host, destroy);
        haft_base_offer(this, &interface, methods);
    }

    ~instance() = default;

  private:
    static void destroy(haft_instance *whole) noexcept
    {
        delete static_cast<T *>(reinterpret_cast<haft_base *>(whole));
    }
};

} // namespace haft

#endif

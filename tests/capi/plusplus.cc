// libtilth from C++: a handle that frees itself, a lambda as callback.
#include <iostream>
#include <memory>
#include <string>
#include <tilth.h>
#include <vector>

namespace
{

struct Free {
    void operator()(tilth *handle) const
    {
        tilth_free(handle);
    }
};

using Handle = std::unique_ptr<tilth, Free>;

int run(tilth *handle, const std::vector<const char *> &words)
{
    return tilth_command(handle, static_cast<int>(words.size()), words.data());
}

} // namespace

int main()
{
    Handle handle(tilth_new());
    std::string heard;
    tilth_set_output(
        handle.get(),
        [](void *user, int, const char *text, size_t size) {
            static_cast<std::string *>(user)->append(text, size);
        },
        &heard);
    const std::string script = "print('from Lua') return 6 * 7";
    if (tilth_run_string(handle.get(), "answer", script.data(), script.size(), 0,
                         nullptr) != 0)
        return 1;
    std::cout << heard << tilth_value(handle.get(), 0, nullptr) << '\n';
    std::cout << run(handle.get(), {"no-such-command"}) << ' '
              << tilth_error(handle.get())->code << '\n';
}

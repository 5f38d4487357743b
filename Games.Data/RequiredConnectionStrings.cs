using Microsoft.Extensions.Configuration;

namespace Games.Data;

public static class RequiredConnectionStrings
{
    /// <exception cref="SettingException">It is missing.</exception>
    public static string RequireConnectionString(this IConfiguration configuration, string name) =>
        configuration.GetConnectionString(name) is { Length: > 0 } value
            ? value
            : throw new SettingException(
                $"Setting ConnectionStrings:{name} is missing; set it, or the environment variable ConnectionStrings__{name}.");
}

using Microsoft.Extensions.Configuration;

namespace Games.Data;

public static class RequiredConnectionStrings
{
    private const string Broker = "RabbitMq";

    public static string RequireConnectionString(this IConfiguration configuration, string name) =>
        configuration.GetConnectionString(name) is { Length: > 0 } value
            ? value
            : throw new SettingException(
                $"Setting ConnectionStrings:{name} is missing; set it, or the environment variable ConnectionStrings__{name}.");

    public static Uri RequireBrokerAddress(this IConfiguration configuration) =>
        Uri.TryCreate(configuration.RequireConnectionString(Broker), UriKind.Absolute, out var address) && address.Scheme is "amqp" or "amqps"
            ? address
            : throw new SettingException($"Setting ConnectionStrings:{Broker} is not of the form amqp://user:password@host:port/vhost.");
}

using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.ServiceDefaults.Access;

/// <summary>How often a caller may ask. A burst may be twice as long.</summary>
internal sealed class RateLimitOptions
{
    public const string Section = "RateLimits";

    /// <summary>Requests a second with one key, in this process. Default: 3,000.</summary>
    [Range(1, 1_000_000, ErrorMessage = Section + ":{0} must be 1 to 1,000,000 requests a second.")]
    public int PerKey { get; set; } = 3_000;

    /// <summary>Requests a second from one address without a valid key (of IPv6: from one /64 network), in this process. Default: 20.</summary>
    [Range(1, 1_000_000, ErrorMessage = Section + ":{0} must be 1 to 1,000,000 requests a second.")]
    public int PerAddress { get; set; } = 20;
}

internal static class RateLimits
{
    private const int Burst = 2;
    private const int NetworkBytes = 8;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static void AddRateLimits(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<RateLimitOptions>(RateLimitOptions.Section);
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<RateLimiterOptions>().Configure<RateLimitOptions>((limiter, limits) =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => PartitionOf(context, limits));
            limiter.OnRejected = (rejected, _) => RefuseAsync(rejected.HttpContext);
        });
    }

    private static async ValueTask RefuseAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Second.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        await Results.Problem(statusCode: StatusCodes.Status429TooManyRequests, detail: "Too many requests. Try again in a second.")
            .ExecuteAsync(context);
    }

    private static RateLimitPartition<string> PartitionOf(HttpContext context, RateLimitOptions limits) => context.User is Caller caller
        ? Partition($"key {caller.KeyId}", limits.PerKey)
        : Partition(NetworkOf(context.Connection.RemoteIpAddress), limits.PerAddress);

    private static RateLimitPartition<string> Partition(string name, int limit) =>
        RateLimitPartition.GetTokenBucketLimiter(name, _ => new()
        {
            TokenLimit = limit * Burst,
            TokensPerPeriod = limit,
            ReplenishmentPeriod = Second,
        });

    // Whoever has one IPv6 address has the 2^64 of its network.
    private static string NetworkOf(IPAddress? address) => address switch
    {
        null => "",
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } =>
            Convert.ToHexString(address.GetAddressBytes().AsSpan(0, NetworkBytes)),
        _ => address.MapToIPv4().ToString(),
    };
}

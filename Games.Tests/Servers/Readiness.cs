namespace Games.Tests.Servers;

internal static class Readiness
{
    /// <summary>Waits until the API or the bot can do its job.</summary>
    public static Task ReadyAsync(this HttpClient service) => Until.TrueAsync(
        async () =>
        {
            using var answer = await service.GetAsync("/health/ready");
            return answer.IsSuccessStatusCode;
        },
        "the service is ready");
}

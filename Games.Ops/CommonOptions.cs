using System.CommandLine;

namespace Games.Ops;

internal static class CommonOptions
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1_000;

    public static Option<int> Limit()
    {
        var limit = new Option<int>("--limit")
        {
            Description = $"How many at most (1 to {MaxLimit})",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLimit,
        };
        limit.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() is < 1 or > MaxLimit)
                result.AddError($"--limit must be 1 to {MaxLimit}.");
        });
        return limit;
    }
}

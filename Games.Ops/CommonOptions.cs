using System.CommandLine;

namespace Games.Ops;

internal static class CommonOptions
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1_000;

    /// <summary>The library's own parser also takes numbers, and lists that become another value.</summary>
    public static void AcceptOnlyNames<TEnum>(this Option<TEnum> option)
        where TEnum : struct, Enum => option.AcceptOnly(Enum.GetNames<TEnum>());

    /// <summary>The same where none of them need be given.</summary>
    public static void AcceptOnlyNames<TEnum>(this Option<TEnum?> option)
        where TEnum : struct, Enum => option.AcceptOnly(Enum.GetNames<TEnum>());

    private static void AcceptOnly(this Option option, string[] names) => option.Validators.Add(result =>
    {
        if (!result.Errors.Any() && result.Tokens is [var token] && !names.Contains(token.Value, StringComparer.OrdinalIgnoreCase))
            result.AddError($"{option.Name} must be one of {string.Join(", ", names.Select(name => name.ToLowerInvariant()))}.");
    });

    /// <summary>Of a verb that takes one thing or all of them: either must be named, and not both.</summary>
    public static void RequireOneOrAll(this Command command, Argument one, Option<bool> all, string refusal)
    {
        one.Arity = ArgumentArity.ZeroOrOne;
        one.HelpName = $"{one.HelpName}|{all.Name}";
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == (result.GetResult(one) is { Tokens.Count: > 0 }))
                result.AddError(refusal);
        });
    }

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

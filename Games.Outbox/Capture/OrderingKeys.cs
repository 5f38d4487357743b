using System.Collections.Concurrent;
using MassTransit;

namespace Games.Outbox.Capture;

/// <summary>By which keys messages keep their order: set for one message in its context, or for a type by a convention.</summary>
internal sealed class OrderingKeys
{
    private const int LongestKey = 256;

    private readonly List<(Type Type, Func<object, string?> Key)> _conventions = [];
    private readonly ConcurrentDictionary<Type, Func<object, string?>?> _found = new();

    /// <summary>
    /// Adds a convention. It also holds for types that derive from or implement <typeparamref name="T" /> and have none of their own.
    /// </summary>
    public void Add<T>(Func<T, string?> key)
        where T : class
    {
        _conventions.RemoveAll(x => x.Type == typeof(T));
        _conventions.Add((typeof(T), message => key((T)message)));
    }

    /// <summary>The message's key, or null if it keeps no order.</summary>
    /// <exception cref="ArgumentException">The key is too long, or of the kind that the outbox gives itself.</exception>
    public string? Of<T>(SendContext<T> context)
        where T : class
    {
        var key = IsUnordered(context) ? null
            : context.TryGetPayload(out Chosen? chosen) ? chosen.Key
            : _found.GetOrAdd(typeof(T), Find)?.Invoke(context.Message);

        return string.IsNullOrEmpty(key) ? null : Checked(key);
    }

    /// <summary>Whether the message is to keep no order at all, not even with those of its transaction.</summary>
    public static bool IsUnordered(SendContext context) => context.TryGetPayload(out NoOrder? _);

    public static string Checked(string key) =>
        key.Length > LongestKey
            ? throw new ArgumentException($"An ordering key has at most {LongestKey} characters, and this one {key.Length}.", nameof(key))
        : OutboxSession.IsTransactionKey(key) || key.Contains('\0')
            ? throw new ArgumentException(
                $"An ordering key does not begin with '{OutboxSession.TransactionKeyPrefix}' and contains no NUL.", nameof(key))
        : key;

    private Func<object, string?>? Find(Type type) =>
        (_conventions.Find(x => x.Type == type) is { Key: { } exact } ? exact : null) ?? _conventions.Find(x => x.Type.IsAssignableFrom(type)).Key;

    /// <summary>Marks one message: it keeps no order.</summary>
    internal sealed record NoOrder;

    /// <summary>The key that was set for one message.</summary>
    internal sealed record Chosen(string? Key);
}

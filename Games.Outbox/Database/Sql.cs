using Npgsql;
using NpgsqlTypes;

namespace Games.Outbox.Database;

/// <summary>What statements and readers need again and again.</summary>
internal static class Sql
{
    public static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public static NpgsqlParameter Nullable<T>(T? value, NpgsqlDbType type)
        where T : struct => new() { Value = value ?? (object)DBNull.Value, NpgsqlDbType = type };

    public static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static Guid? Id(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    public static Uri? Address(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new(reader.GetString(column));

    public static DateTime? Time(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDateTime(column);
}

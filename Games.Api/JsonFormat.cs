using System.Text.Json;
using System.Text.Json.Serialization;
using Games.Data;

namespace Games.Api;

internal static class JsonFormat
{
    public static void UseGamesFormat(this JsonSerializerOptions json)
    {
        json.NumberHandling = JsonNumberHandling.Strict;
        json.Converters.Add(new EnumNames());
        json.Converters.Add(new Rfc3339TimeConverter());
        json.Converters.Add(new WholeNumberConverter());
    }
}

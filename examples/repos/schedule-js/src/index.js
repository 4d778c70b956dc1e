export { formatTime, parseTime } from './clock-time.js';
export { contains, describe, duration, interval, merge, overlaps, subtract } from './interval.js';
export { OpeningHours, weekdayOf } from './opening-hours.js';
export { addDays, expandRecurrence } from './recurrence.js';
export { BookingRefused, RoomCalendar } from './room-calendar.js';
